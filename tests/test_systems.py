"""The systems: what each claims is what its probe finds; its code is what is shown."""

import json
import re

import pytest
import torch

from paradigms import systems as registry
from paradigms.__main__ import main
from paradigms.capabilities import transformers as probes
from paradigms.experiments import systems as experiment
from paradigms.listings import Listing, changes, source
from paradigms.page import Page
from paradigms.results import load, recorded
from paradigms.snippets import ContentError
from paradigms.systems import ABILITIES, System, systems

PAGE = Page(link=lambda target: target, inline=lambda text: text)


def test_the_probes_again_at_reduced_size():
    """One seed, fewer draws: every system can what is recorded, and no more."""
    stored = {row["name"]: row for row in load("systems").rows}
    again = experiment.run(experiment.smaller())
    assert {row["name"] for row in again} == set(stored)
    for row in again:
        for column in ("sees", *ABILITIES):
            assert row[column] == stored[row["name"]][column], (row["name"], column)
        assert row["difference"] < 1e-5


@pytest.mark.parametrize(
    ("key", "ability"), [("gpt2", "fills"), ("bert", "scores"), ("bert", "caches")]
)
def test_a_claim_that_the_probe_denies_is_a_finding(key, ability):
    """The guard itself: GPT that fills blanks, BERT that scores texts or caches."""
    system = systems()[key]
    boasting = system.model_copy(update={"can": [*system.can, ability]})
    assert registry._findings(key, boasting) == [
        f"can: claims {ability!r}, the probe says no"
    ]


def test_a_capability_that_is_kept_quiet_is_a_finding():
    """What the probe finds must be claimed, too."""
    modest = systems()["gpt2"].model_copy(update={"can": []})
    assert "does not claim 'scores', the probe says yes" in str(
        registry._findings("gpt2", modest)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"of": "models.gpt:GTP"}, "has no 'GTP' there, but Config, SIZES, GPT"),
        ({"of": "models.gtp:GPT"}, "there is no file src/paradigms/models/gtp.py"),
        (
            {"parameters": "published_sizes/GPT-5/all"},
            "parameters: value 'published_sizes/GPT-5/all' is not recorded",
        ),
        ({"sources": ["radford1999"]}, "radford1999"),
    ],
)
def test_a_wrong_entry_is_a_finding(change, message):
    """Code, number of parameters and source of a system must exist."""
    wrong = systems()["gpt2"].model_copy(update=change)
    assert message in " ".join(registry._findings("gpt2", wrong))


def test_a_system_that_was_not_measured_is_a_finding():
    """A new entry without a row of the experiment says what to run."""
    assert registry._findings("gpt3", systems()["gpt2"]) == [
        "was not measured; run: make measure NAME=systems"
    ]


def test_every_system_is_printed(capsys):
    """`python -m paradigms systems --json`: a row each, with what was measured."""
    assert main(["systems", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == list(systems())
    by_id = {row["id"]: row for row in rows}
    assert by_id["gpt2"]["parameters"] == 124_439_808
    assert by_id["vae"]["parameters"] == recorded("digit_generators/VAE/parameters")
    assert by_id["claude"]["parameters"] is None
    assert 0 < by_id["gpt2"]["largest difference"] < 1e-5
    assert by_id["claude"]["largest difference"] is None
    assert main(["systems"]) == 0
    assert "LLaMA" in capsys.readouterr().out


@pytest.mark.parametrize("key", [key for key in systems() if systems()[key].of])
def test_every_system_has_a_section_with_its_code(key):
    """The page that the table links to shows code from the system's own file."""
    system: System = systems()[key]
    page, _, anchor = system.page.partition("#")
    text = (registry.FOLDER.parent / "docs" / page).read_text("utf8")
    titles = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert anchor in {registry_slug(title) for title in titles}
    assert f'of = "{system.of.partition(":")[0]}:' in text


def registry_slug(title: str) -> str:
    """A heading's anchor, as Markdown makes it."""
    return "-".join(re.sub(r"[,:]", "", title.lower()).split())


def test_a_listing_is_the_source_without_its_docstring():
    """Decorators stay, the docstring goes, the indent of a method goes."""
    text = source("decoding:greedy")
    assert text.startswith("def greedy(")
    assert '"""' not in text
    assert source("models.gpt:GPT.forward").startswith("def forward(")
    assert source("models.gpt:Config").startswith("@dataclass(frozen=True)\nclass")
    assert source("models.albert:BASE").startswith("BASE = replace(")


def test_a_difference_shows_only_what_differs():
    """Lines that two objects share are left out."""
    assert changes("a\nb\nc\n", "a\nd\nc\n") == "-b\n+d\n"
    with pytest.raises(ContentError, match="the two are equal"):
        changes("a\n", "a\n")


def test_a_listing_that_nobody_would_read_is_refused():
    """Thirty lines at most."""
    with pytest.raises(ContentError, match=r"shows \d+ lines, at most 30"):
        Listing(of="layers.attention:MultiHeadAttention").render(PAGE)


def test_a_listing_is_highlighted():
    """File and object as the title, the code with its classes."""
    html = Listing(of="models.gpt:GPT.forward").render(PAGE)
    assert "src/paradigms/models/gpt.py: GPT.forward" in html
    assert '<span class="k">def</span>' in html


def test_draws_of_another_network_do_not_agree():
    """The guard of the probe: probabilities of one network, draws of another."""
    torch.manual_seed(0)
    system, settings, _ = probes.transformers()["gpt2"]
    ours, other = (probes.pair(system, settings, torch.float64)[0] for _ in range(2))
    texts = probes.all_texts()
    first = torch.full((len(texts), 1), probes.BOS)
    inputs = torch.cat([first, texts[:, :-1]], dim=1)
    log_p = probes.of_words(ours(inputs), texts)
    prompt = torch.tensor([[probes.BOS]])
    assert probes.draws_agree(ours, prompt, log_p, 4000)
    assert not probes.draws_agree(other, prompt, log_p, 4000)
