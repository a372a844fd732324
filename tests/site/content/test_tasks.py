"""Each system does what the table says it is made for."""

import re
from collections.abc import Callable
from importlib import import_module
from inspect import getmro, getsource

import pytest
import torch
from bs4 import BeautifulSoup
from torch import nn

from paradigms.models import bart, bert, electra, roberta, t5
from paradigms.models.albert import ALBERT
from paradigms.models.encoder import EncoderConfig
from paradigms.models.svm import KernelSVM, rbf
from paradigms.models.vae import VAE
from paradigms.site.content.systems import (
    System,
    Task,
    measured_rows,
    system_problems,
    systems,
)

pytestmark = pytest.mark.usefixtures("one_thread")

BUILT = {key: system for key, system in systems().items() if system.of}
# What the code of a system with the task has.
CODE: dict[Task, str] = {
    "classifies": r"def (decision|predict_proba)\(|self\.label = ",
    "represents": r"def encode\(|self\.encoder = Encoder\(",
    "detects": r"self\.replaced = ",
}


def made_from(system: System) -> type | Callable:
    """The class or function of a system."""
    module, _, name = system.of.partition(":")
    return getattr(import_module(f"paradigms.{module}"), name)


def code_of(implementation: type | Callable) -> str:
    """The source of a class with its bases, or of a function."""
    if not isinstance(implementation, type):
        return getsource(implementation)
    ours = [
        base
        for base in getmro(implementation)
        if base.__module__.startswith("paradigms")
    ]
    return "\n".join(map(getsource, ours))


def supported(system: System) -> set[Task]:
    """The tasks that the code of a system supports."""
    code = code_of(made_from(system))
    return {task for task, pattern in CODE.items() if re.search(pattern, code)}


@pytest.mark.parametrize("key", BUILT)
def test_a_system_claims_the_tasks_that_its_code_supports(key):
    """No less, or the table would hide one, and no more."""
    assert set(BUILT[key].tasks) == supported(BUILT[key])


def classifier(key: str) -> object:
    """A classifier of two classes, not fitted."""
    if key == "kernel_svm":
        return KernelSVM(rbf(0.5))
    return made_from(BUILT[key])()


def labels_of(model: object, x: torch.Tensor) -> torch.Tensor:
    """The predicted labels: by probability, else by the sign of the score."""
    if hasattr(model, "predict_proba"):
        return model.predict_proba(x).argmax(dim=1)
    return (model.decision(x) > 0).long()


@pytest.mark.parametrize(
    "key", [key for key, entry in BUILT.items() if entry.family.startswith("class")]
)
def test_a_classifier_tells_two_groups_apart(key):
    """Far apart, every point is right; fitted to the opposite, every point is wrong."""
    assert "classifies" in BUILT[key].tasks
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 2
    centres = torch.tensor([[8.0, 1.0], [1.0, 8.0]])
    x = (centres[labels] + torch.randn(60, 2, generator=rng)).clamp(min=0).double()
    if key == "bernoulli_naive_bayes":
        x = (x > 4).double()
    model = classifier(key)
    model.fit(x[:40], labels[:40])
    assert bool((labels_of(model, x[40:]) == labels[40:]).all())
    model.fit(x[:40], 1 - labels[:40])
    assert bool((labels_of(model, x[40:]) != labels[40:]).all())


def encoders() -> dict[str, nn.Module]:
    """A small network for each system that represents or classifies texts."""
    torch.manual_seed(0)
    shape = {"vocabulary": 30, "width": 16, "layers": 1, "heads": 2, "hidden": 32}
    config = EncoderConfig(**shape, positions=8)
    return {
        "bert": bert.BERT(config),
        "bert_classifier": bert.Classifier(config, 3),
        "roberta": roberta.RoBERTa(config),
        "albert": ALBERT(EncoderConfig(**shape, positions=8, shared=True, embedding=8)),
        "electra": electra.Discriminator(config),
        "t5": t5.T5(t5.T5Config(**shape, head_width=8)),
        "bart": bart.BART(bart.BARTConfig(**shape)),
        "vae": VAE(6, 2, (8,)),
    }


def test_what_represents_gives_vectors_and_the_heads_give_what_is_said():
    """A vector for each token, a code for each picture; labels, and replaced words."""
    networks, tokens = encoders(), torch.tensor([[5, 6, 7, 8]])
    claimed = {key for key, entry in BUILT.items() if "represents" in entry.tasks}
    assert set(networks) == claimed
    assert networks.pop("vae").encode(torch.randn(3, 6)).mean.shape == (3, 2)
    for key, network in networks.items():
        encode = getattr(network, "encode", None) or network.encoder
        assert encode(tokens).shape == (1, 4, 16), key
        assert "both" in str(measured_rows()[key]["sees"]), key
    assert networks["bert_classifier"](tokens).shape == (1, 3)
    assert networks["electra"](tokens).shape == tokens.shape


@pytest.mark.parametrize(
    ("key", "change", "finding"),
    [
        ("linear_svm", {"tasks": []}, "can do nothing; write tasks, of classifies"),
        ("gpt2", {"tasks": ["writes"]}, "'writes' is for a system without code"),
        ("claude", {"tasks": ["classifies"]}, "'writes' is for a system without code"),
    ],
)
def test_an_entry_that_says_nothing_is_a_finding(key, change, finding):
    """No task and no ability, or a word of a maker about a system that we built."""
    changed = systems()[key].model_copy(update=change)
    assert finding in " ".join(system_problems(key, changed))
    assert system_problems(key, systems()[key]) == []


def test_the_table_says_what_each_system_can_do(site):
    """An SVM classifies, BERT represents and fills, GPT scores and samples."""
    html = (site / "systems/index.html").read_text("utf8")
    table = BeautifulSoup(html, "html.parser")
    cells = {
        key: table.select_one(f"#{key.replace('_', '-')} td + td") for key in systems()
    }
    texts = {key: cell.get_text() for key, cell in cells.items()}
    assert "none of these" not in html
    assert texts["linear_svm"] == "only classify: it gives no probability"
    assert texts["bert"] == "represent a text, fill a blank"
    assert texts["gpt2"] == "score a text, sample, reuse a cache"
    assert texts["electra"] == "detect replaced words, represent a text"
    assert texts["claude"] == "write text, says its maker"
    assert texts["lda"] == "classify, give P(label | input), score an input, sample"
    assert all(texts.values())
