"""The systems: their capabilities are those that probes find; pages show their code."""

import json
import re
from inspect import signature

import pytest
import torch
from markupsafe import Markup
from torch import nn
from torch.nn import functional as F
from transformers import GPT2Tokenizer

from paradigms.__main__ import main
from paradigms._schema import ContentError
from paradigms.evaluation.capabilities import transformers
from paradigms.experiments import systems as experiment
from paradigms.experiments.records import load, value_at
from paradigms.layers import RelativeBias, RMSNorm
from paradigms.models import bart, t5
from paradigms.models.bart import BART
from paradigms.models.t5 import T5
from paradigms.site.content import systems as registry
from paradigms.site.content.pages import pages
from paradigms.site.content.source_code import diff, source
from paradigms.site.content.systems import ABILITIES, System, systems
from paradigms.site.fences import code
from paradigms.site.fences.code import CodeFence
from paradigms.site.fences.page import Page

PAGE = Page(link=lambda target: target, inline=Markup)


def test_the_probes_again_at_reduced_size():
    """With one seed and fewer samples, every system has the recorded capabilities."""
    expected = {row["name"]: row for row in load("systems").rows}
    rows = experiment.run(experiment.smaller()).rows
    assert {row["name"] for row in rows} == set(expected)
    for row in rows:
        for column in ("sees", *ABILITIES, "equal within"):
            assert row[column] == expected[row["name"]][column], (row["name"], column)


@pytest.mark.parametrize("difference", [1e-5, 1.0, float("nan")])
def test_a_system_that_differs_from_its_reference_is_not_recorded(difference):
    """Negative control: by the tolerance, by far, and by NaN."""
    assert experiment.row("gpt2", "before", 9e-6, 1e-5)["equal within"] == "1e-05"
    with pytest.raises(ValueError, match="gpt2 differs from its reference by"):
        experiment.row("gpt2", "before", difference, 1e-5)


def test_an_ability_without_a_column_is_refused():
    """A misspelt one is not recorded as a no."""
    assert experiment.row("gpt2", "before", 0.0, 1e-5, samples=True)["samples"] == "yes"
    with pytest.raises(ValueError, match="no ability 'sampels'; there are scores,"):
        experiment.row("gpt2", "before", 0.0, 1e-5, sampels=True)


@pytest.mark.parametrize(
    ("key", "ability"), [("gpt2", "fills"), ("bert", "scores"), ("bert", "caches")]
)
def test_a_claim_that_the_probe_denies_is_a_finding(key, ability):
    """Negative control: GPT that fills blanks, BERT that scores texts or caches."""
    system = systems()[key]
    changed = system.model_copy(update={"can": [*system.can, ability]})
    assert registry.system_problems(key, changed) == [
        f"can: claims {ability!r}, the probe says no"
    ]


def test_a_capability_that_is_kept_quiet_is_a_finding():
    """A capability that the probe finds must be claimed."""
    changed = systems()["gpt2"].model_copy(update={"can": []})
    assert "does not claim 'scores', the probe says yes" in str(
        registry.system_problems("gpt2", changed)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"of": "models.gpt:GTP"}, "has no 'GTP' there, but GPTConfig, SIZES, GPT"),
        ({"of": "models.gtp:GPT"}, "there is no file src/paradigms/models/gtp.py"),
        (
            {"parameters": "published_sizes/GPT-5/all"},
            "parameters: value 'published_sizes/GPT-5/all' is not recorded",
        ),
        ({"sources": ["radford1999"]}, "radford1999"),
    ],
)
def test_a_wrong_entry_is_a_finding(change, message):
    """The code, the parameter count and the source of a system must exist."""
    changed = systems()["gpt2"].model_copy(update=change)
    assert message in " ".join(registry.system_problems("gpt2", changed))


def test_a_system_that_was_not_measured_is_a_finding():
    """A new entry without a row of the experiment says what to run."""
    assert registry.system_problems("gpt3", systems()["gpt2"]) == [
        "was not measured; run: make measure NAME=systems"
    ]


def test_every_system_is_printed(capsys):
    """`python -m paradigms systems --json`: a row each, with what was measured."""
    assert main(["systems", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == list(systems())
    by_id = {row["id"]: row for row in rows}
    assert by_id["gpt2"]["parameters"] == 124_439_808
    assert by_id["vae"]["parameters"] == value_at("digit_generators/VAE/parameters")
    assert by_id["claude"]["parameters"] is None
    assert by_id["gpt2"]["equal within"] == 1e-5
    assert by_id["vae"]["equal within"] == 1e-10
    assert by_id["claude"]["equal within"] is None
    assert main(["systems"]) == 0
    assert "LLaMA" in capsys.readouterr().out


BUILT = [key for key, system in systems().items() if system.of]


def section_of(system: System, text: str) -> str:
    """The part of a page that the system's entry links to, "" if there is none."""
    anchor = system.page.partition("#")[2]
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)[1:]
    sections = dict(zip(map(registry_slug, parts[::2]), parts[1::2], strict=True))
    return sections.get(anchor, "")


def wanted(system: System) -> dict[str, str]:
    """Regular expressions for what a section has to show."""
    keys = "|".join(source.partition(",")[0] for source in system.sources)
    return {
        "code": rf"^```code\nof = \"{re.escape(system.of.partition(':')[0])}:",
        "picture": r"^```figure$",
        "number": r"\[=[^\]]+\]",
        "paper": rf"\[@({keys})[,\]]",
    }


def lacking(system: System, text: str) -> list[str]:
    """Which of code, picture, number and paper the system's section lacks."""
    section = section_of(system, text)
    return [
        name
        for name, pattern in wanted(system).items()
        if not re.search(pattern, section, re.MULTILINE)
    ]


@pytest.mark.parametrize("key", BUILT)
def test_every_system_has_a_section_with_all_that_belongs_to_it(key):
    """Code from the system's own file, a picture, a recorded number, its paper."""
    system = systems()[key]
    assert lacking(system, pages()[system.page.partition("#")[0]]) == []


@pytest.mark.parametrize("key", BUILT)
@pytest.mark.parametrize("part", ["code", "picture", "number", "paper"])
def test_a_section_that_lacks_a_part_is_noticed(key, part):
    """Negative control: one part is removed from the section, not from the page."""
    system = systems()[key]
    text = pages()[system.page.partition("#")[0]]
    section = section_of(system, text)
    shortened = re.sub(wanted(system)[part], "", section, flags=re.MULTILINE)
    assert lacking(system, text.replace(section, shortened)) == [part]
    renamed = text.replace("\n## ", "\n## Not ")
    assert lacking(system, renamed) == ["code", "picture", "number", "paper"]


def unreached(texts: dict[str, str]) -> set[str]:
    """Pages of systems that no page of q19 or q39 links to."""
    question_pages = "".join(
        body for page, body in texts.items() if page[:4] in ("q19/", "q39/")
    )
    links = set(re.findall(r"\]\(\.\./(systems/[\w-]+\.md)", question_pages))
    return {page for page in texts if page.startswith("systems/")} - links


def test_every_page_of_systems_is_reached_from_the_two_questions():
    """One link reaches each, and a page whose links are removed is noticed."""
    assert unreached(pages()) == set()
    for name in ("systems/index.md", "systems/nearest-review.md"):
        texts = {page: text.replace(name, "") for page, text in pages().items()}
        assert unreached(texts) == {name}


def parts_of(network: T5 | BART) -> list[str]:
    """The cells of the table that compares T5 and BART, from the network."""
    side = network.encoder.stack if isinstance(network, BART) else network.encoder
    block = side.blocks[0]
    linears = [module for module in block.modules() if isinstance(module, nn.Linear)]
    (with_bias,) = {module.bias is not None for module in linears}  # all or none
    norms = {RMSNorm: "RMSNorm", nn.LayerNorm: "layer norm"}
    activations = {F.relu: "ReLU", F.gelu: "GELU"}
    scale, shrink = block.attention.scale, getattr(network, "shrink", 1.0)
    learned_positions = isinstance(
        getattr(network.encoder, "position", None), nn.Embedding
    )
    relative_bias = isinstance(getattr(network, "encoder_bias", None), RelativeBias)
    # In a pre-norm stack, `norm` is the final norm.
    embedding_norm = not block.norm_first and isinstance(
        network.encoder.norm, nn.LayerNorm
    )
    width = network.head.in_features
    return [
        "before it" if block.norm_first else "after it",
        norms[type(block.attention_norm)],
        {(True, False): "learned, added", (False, True): "bias by distance"}[
            learned_positions, relative_bias
        ],
        "one" if embedding_norm else "none",
        activations[block.feed_forward.activation],
        {True: "everywhere", False: "none"}[with_bias],
        {None: "divided by √(head dimension)", 1.0: "not scaled"}[scale],
        {1.0: "nothing", width**-0.5: "hidden state divided by √width"}[shrink],
    ]


def test_the_table_of_t5_and_bart_is_true_of_the_code():
    """Every cell agrees with the modules of the two networks."""
    small = {"vocabulary": 30, "width": 16, "layers": 1, "heads": 4, "hidden": 32}
    networks = T5(t5.T5Config(**small, head_width=4)), BART(bart.BARTConfig(**small))
    rows = re.findall(r"^\| (.+) \|$", pages()["systems/encoder-decoders.md"], re.M)
    assert rows[0] == "Part | T5 | BART"
    cells = [tuple(row.split(" | ")[1:]) for row in rows[1:]]
    assert cells == list(zip(*map(parts_of, networks), strict=True))
    assert all(one != other for one, other in cells)  # so a swapped cell is noticed


def registry_slug(title: str) -> str:
    """A heading's anchor, as Markdown makes it."""
    return "-".join(re.sub(r"[,:]", "", title.lower()).split())


def test_a_listing_is_the_source_without_its_docstring():
    """Decorators stay; the docstring and the indentation of a method are removed."""
    text = source("generation.decoding:greedy")
    assert text.startswith("def greedy(")
    assert '"""' not in text
    assert source("models.gpt:GPT.forward").startswith("def forward(")
    assert source("models.gpt:GPTConfig").startswith("@dataclass(frozen=True)\nclass")
    assert source("models.albert:BASE").startswith("BASE = replace(")


def test_a_difference_shows_only_what_differs():
    """Lines that two objects share are omitted."""
    assert diff("a\nb\nc\n", "a\nd\nc\n") == "-b\n+d\n"
    with pytest.raises(ContentError, match="the two are equal"):
        diff("a\n", "a\n")


def test_a_listing_that_nobody_would_read_is_refused():
    """A listing has at most thirty lines."""
    with pytest.raises(ContentError, match=r"shows \d+ lines, at most 30"):
        CodeFence(of="layers.attention:MultiHeadAttention").render(PAGE)


@pytest.mark.parametrize("lines", [30, 31])
def test_the_longest_listing_has_thirty_lines(monkeypatch, lines):
    """One line more is refused."""
    monkeypatch.setattr(code, "source", lambda _: "x = 1\n" * lines)
    fence = CodeFence(of="models.gpt:GPT.forward")
    if lines == 30:
        assert fence.render(PAGE).count("x") >= lines
    else:
        with pytest.raises(ContentError, match="shows 31 lines, at most 30"):
            fence.render(PAGE)


def test_a_listing_is_highlighted():
    """File and object as the title, the code with its classes."""
    html = CodeFence(of="models.gpt:GPT.forward").render(PAGE)
    assert "src/paradigms/models/gpt.py: GPT.forward" in html
    assert '<span class="k">def</span>' in html


def test_draws_of_another_network_do_not_agree():
    """The guard of the probe: probabilities of one network, samples of another."""
    torch.manual_seed(0)
    system, settings, _ = transformers.transformers()["gpt2"]
    ours, other = (
        transformers.pair(system, settings, torch.float64)[0] for _ in range(2)
    )
    texts = transformers.all_texts()
    first = torch.full((len(texts), 1), transformers.BOS)
    inputs = torch.cat([first, texts[:, :-1]], dim=1)
    log_p = transformers.of_words(ours(inputs), texts)
    prompt = torch.tensor([[transformers.BOS]])
    assert transformers.draws_agree(ours, prompt, log_p, 4000)
    assert not transformers.draws_agree(other, prompt, log_p, 4000)


def test_what_the_page_says_of_the_start_symbol():
    """It is the one of GPT-2's tokenizer in transformers."""
    start = signature(GPT2Tokenizer.__init__).parameters["bos_token"].default
    assert f"in transformers GPT-2's is `{start}`" in pages()["systems/decoders.md"]
