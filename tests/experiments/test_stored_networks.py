"""Stored networks: named by the record, small, and refused if modified."""

import json
import shutil

import pytest
import torch
from safetensors import safe_open

from paradigms._schema import ContentError
from paradigms.experiments import lab_networks as experiment
from paradigms.experiments import records, stored_networks
from paradigms.experiments.network_files import file_name
from paradigms.experiments.records import FOLDER, load
from paradigms.experiments.runner import run
from paradigms.experiments.stored_networks import lab_network, remove_others, write
from paradigms.training import lab_networks
from tests.site.test_labs import cells

FILES = sorted(FOLDER.glob("*/*.safetensors"))
REMEDY = "; run: make measure NAME=lab_networks"


def test_networks_are_small():
    """At most 500 kB each and 2 MB in total, since they are in the repository."""
    live = ["BERT", "GPT", "words"]
    assert len(FILES) == len(lab_networks.VARIANTS) + len(live)
    assert sorted(load("live_models").weights) == live
    sizes = [path.stat().st_size for path in FILES]
    assert max(sizes) <= 500_000
    assert sum(sizes) <= 2_000_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_says_where_it_was_made(path):
    """Fingerprint, config, versions and machine equal those of its record."""
    record = load(path.parent.name)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    network = metadata.pop("network")
    assert file_name(network, record.weights[network]) == path.name
    stated = {key: json.loads(value) for key, value in metadata.items()}
    for key in ("fingerprint", "config", "versions", "processor", "instruction_set",
                "threads", "settings"):  # fmt: skip
        assert stated[key] == getattr(record, key), key


def test_a_network_gives_the_recorded_loss():
    """A loaded network is near the mean over seeds; rate 30% fills better than 15%."""
    config = lab_networks.NetworkConfig()
    held_out = lab_networks.data(config).held_out
    fills = {}
    for name in lab_networks.VARIANTS:
        network = lab_network(name)
        rows = {row["name"]: row for row in load("lab_networks").rows}
        for visible, loss in lab_networks.losses(
            network, lab_networks.VARIANTS[name], config, held_out
        ).items():
            mean, low, high = rows[name][f"loss, {visible} visible"]
            assert abs(loss - mean) < 2 * (high - low), (name, visible)
            fills[name, visible] = loss
    few, many = ((f"masked token {rate}%", "both sides") for rate in (15, 30))
    assert fills[many] < fills[few] - 0.05


@pytest.mark.usefixtures("one_thread")
def test_lab_networks_again_at_reduced_size(tmp_path):
    """20 steps: the same columns, higher losses; weights survive a round trip."""
    stored = {row["name"]: row for row in load("lab_networks").rows}
    reduced = experiment.run(experiment.smaller())
    assert [row["name"] for row in reduced.rows] == list(stored)
    assert list(reduced.networks) == list(stored)
    for row in reduced.rows:
        columns = set(row) - {"name"}
        assert columns == set(stored[row["name"]]) - {"name"}
        for column in columns:
            assert row[column][0] > stored[row["name"]][column][2]
    digests = write(tmp_path / "networks", reduced.networks, {"config": {}})
    for name, parameters in reduced.networks.items():
        path = tmp_path / "networks" / file_name(name, digests[name])
        content = path.read_bytes()
        assert digests[name] == stored_networks.digest(content)
        tensors = stored_networks.load(content)
        assert tensors.keys() == parameters.keys()
        assert all(tensors[key].equal(value) for key, value in parameters.items())


def test_what_the_lab_says_of_the_seeds():
    """Both sides help; a rate of 30% solves the exercise, 15% does not.

    All losses are above the 0.24 nats of the true distribution.
    """
    rows = {row["name"]: row for row in load("lab_networks").rows}
    writer = rows["next token"]["loss, left visible"]
    few = rows["masked token 15%"]["loss, both sides visible"]
    many = rows["masked token 30%"]["loss, both sides visible"]
    assert 0.24 < many[1] < many[2] < few[1] < few[2] < writer[1]
    assert many[2] < 0.53 < few[1]
    assert "< 0.53" in cells("fill-and-continue")["open-task"]


def test_no_file_is_left_of_a_network_that_is_no_more(tmp_path):
    """Files that the record does not name are removed, with the last the folder."""
    folder = tmp_path / "networks"
    write(folder, {name: {"x": torch.tensor([1.0])} for name in ("a", "b")}, {})
    digests = write(folder, {"b": {"x": torch.tensor([2.0])}}, {})
    assert len(list(folder.iterdir())) == 3  # the old ones stay until the record is new
    remove_others(folder, digests)
    assert [path.name for path in folder.iterdir()] == [file_name("b", digests["b"])]
    remove_others(folder, {})
    assert not folder.exists()
    remove_others(folder, {})


def test_names_that_differ_in_signs_alone_are_two_files(tmp_path):
    """`15%` and `15` are spelt alike in a file name."""
    weights = {
        "rate 15%": {"x": torch.tensor([1.0])},
        "rate 15": {"x": torch.tensor([2.0])},
    }
    digests = write(tmp_path / "networks", weights, {})
    assert len({file_name(*item) for item in digests.items()}) == 2


def test_an_interruption_before_the_record_keeps_the_old_networks(
    tmp_path, monkeypatch
):
    """Stopped after the new networks were written, the old record finds its files."""
    path = tmp_path / "tiny.json"
    record = {key: {} for key in ("fingerprint", "config", "versions")}
    record |= dict.fromkeys(run.provenance.machine(), 1)
    run._store(path, record, {"a": {"x": torch.tensor([1.0])}})
    (before,) = (tmp_path / "tiny").iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(run, "_write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run._store(path, record, {"a": {"x": torch.tensor([2.0])}})
    assert before.is_file()
    run._store(path, record, {"a": {"x": torch.tensor([2.0])}})
    assert not before.is_file()


BAD = {
    "missing": (lambda path: path.unlink(), " is missing"),
    "truncated": (
        lambda path: path.write_bytes(path.read_bytes()[:1000]),
        " is not the file that was recorded",
    ),
    "empty": (lambda path: path.write_bytes(b""), " is not the file that was recorded"),
    "another network's": (
        lambda path: shutil.copy(next(path.parent.glob("masked_token_15*")), path),
        " is not the file that was recorded",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_weights_are_refused_in_one_line(case, tmp_path, monkeypatch):
    """The error names file and command; nothing is trained instead."""
    damage, message = BAD[case]
    shutil.copytree(FOLDER / "lab_networks", tmp_path / "results/lab_networks")
    digest = load("lab_networks").weights["next token"]
    file = f"results/lab_networks/{file_name('next token', digest)}"
    damage(tmp_path / file)
    monkeypatch.setattr(lab_networks, "train", None)
    monkeypatch.setattr(records, "FOLDER", tmp_path / "results")
    with pytest.raises(ContentError) as error:
        lab_network("next token")
    assert str(error.value) == f"{file}{message}{REMEDY}"


def test_a_file_of_another_format_is_refused(tmp_path, monkeypatch):
    """Even if the digest matches the record."""
    content = b"not safetensors"
    record = load("lab_networks")
    digests = {"next token": stored_networks.digest(content)}
    changed = record.model_copy(update={"weights": digests})
    monkeypatch.setattr(records, "load", lambda _: changed)
    monkeypatch.setattr(records, "FOLDER", tmp_path / "results")
    path = tmp_path / "results/lab_networks" / file_name(*next(iter(digests.items())))
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(ContentError, match="is not safetensors: ") as error:
        lab_network("next token")
    assert "\n" not in str(error.value)


def test_a_network_that_is_not_recorded_is_refused():
    """The error lists the recorded networks."""
    with pytest.raises(ContentError, match="no network 'GPT-5'; there are: next token"):
        lab_network("GPT-5")


def test_the_lab_trains_nothing_that_it_shows():
    """Only the open exercise of the lab trains a network."""
    training = ("lab_networks.train", ".backward(", "torch.optim", ".step(")
    assert {
        key
        for key, code in cells("fill-and-continue").items()
        if any(word in code.replace("inspect.getsource(lab_networks.train)", "")
               for word in training)
    } == {"open-task"}  # fmt: skip
