"""Every objective on one network: it learns what it is asked."""

import math

import pytest
import torch

from paradigms.corpora.made_language import MadeLanguage
from paradigms.masks import bidirectional
from paradigms.models.gpt import GPT, Config
from paradigms.models.masked_diffusion import MaskedDiffusion, bound
from paradigms.pretraining import Objective, objectives, pretrain, with_head
from paradigms.training import Recipe

LANGUAGE = MadeLanguage(words=3, seed=0, sharpness=3.0)
OBJECTIVES = objectives(LANGUAGE.vocabulary)


def network() -> GPT:
    """A small one, always with the same weights."""
    torch.manual_seed(0)
    return GPT(Config(LANGUAGE.vocabulary, 8, width=16, layers=1, heads=2))


def texts(step: int) -> torch.Tensor:
    """A batch for a step."""
    return LANGUAGE.sample(32, 6, torch.Generator().manual_seed(step))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_network_learns_what_it_is_asked(name):
    """From a guess among all ids to less than a guess among the words."""
    course = pretrain(network(), OBJECTIVES[name], texts, Recipe(120, 1e-2, 10), 0)
    assert course[-1][1] < math.log(LANGUAGE.words) < math.log(LANGUAGE.vocabulary)
    again = pretrain(network(), OBJECTIVES[name], texts, Recipe(120, 1e-2, 10), 0)
    assert course == again


def test_next_token_in_plain_sight_is_copied():
    """Under a mask that shows both sides the loss falls below what can be known."""
    cheat = Objective(OBJECTIVES["next token"].show, lambda batch: bidirectional)
    honest = pretrain(
        network(), OBJECTIVES["next token"], texts, Recipe(200, 1e-2, 10), 0
    )
    seen = pretrain(network(), cheat, texts, Recipe(200, 1e-2, 10), 0)
    known = -float(LANGUAGE.log_p(texts(0)).mean())
    assert seen[-1][1] < 0.5 * known < honest[-1][1]


def test_the_weighted_loss_is_the_bound_of_masked_diffusion():
    """Many draws of one text against the sum over all that can be hidden."""
    model = MaskedDiffusion(Config(LANGUAGE.vocabulary, 8, width=16, layers=1, heads=2))
    text = texts(0)[:1]
    objective = OBJECTIVES["masked diffusion"]
    dice = torch.Generator().manual_seed(0)
    with torch.no_grad():
        batch = objective.show(text.expand(40_000, -1), dice)
        total, count = objective.loss(model.network, batch)
        exact = float(bound(model, text[0]))
    assert int(count) == 40_000 * 6
    assert float(total) / 40_000 == pytest.approx(exact, rel=0.02)


def test_another_head_leaves_the_network_alone():
    """States of width 16 or three scores a position, and the original as it was."""
    whole = network()
    before = whole(texts(0))
    assert with_head(whole)(texts(0)).shape == (32, 6, 16)
    assert with_head(whole, 3)(texts(0)).shape == (32, 6, 3)
    assert whole(texts(0)).equal(before)
