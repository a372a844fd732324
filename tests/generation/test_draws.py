"""Sampled texts on pages are robust: rounding cannot change a draw.

A single draw of `torch.multinomial` is the argmax of p / noise, so the margin between
the two largest is the relative change of a probability that would change the word.
Several draws from one distribution are repeated with perturbed probabilities.
"""

import contextlib
import io
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from paradigms.site.content.fenced_blocks import fenced_blocks
from paradigms.site.content.pages import pages
from tests.site.fences.test_fences import openings
from tests.site.test_labs import cells

MARGIN = 1e-4
SHOWN = 100  # draws at once; of more a page shows only counts


@pytest.fixture
def margins(monkeypatch) -> list[float]:
    """The margin of every single draw, for its first row, which the page shows.

    For several draws at once: 1 if they stay the same, else 0.
    """
    values: list[float] = []
    draw = torch.multinomial

    def multinomial(p: Tensor, count: int, *rest, generator=None, **options) -> Tensor:
        generator = generator or torch.default_generator
        replay, state = torch.Generator(), generator.get_state()
        replay.set_state(state)
        result = draw(p, count, *rest, generator=generator, **options)
        if count == 1:
            scores = p / torch.empty_like(p).exponential_(generator=replay)
            assert torch.equal(scores.argmax(-1, keepdim=True), result)
            first, second = scores.topk(2, dim=-1).values.unbind(-1)
            values.append(float((1 - second / first).flatten()[0]))
        elif count <= SHOWN:
            tilt = 1 + MARGIN * torch.linspace(-1, 1, p.shape[-1])
            for tilted in (p * tilt, p / tilt):
                replay.set_state(state)
                other = draw(tilted, count, *rest, generator=replay, **options)
                values.append(float(torch.equal(other, result)))
        return result

    monkeypatch.setattr(torch, "multinomial", multinomial)
    return values


def drawing_blocks() -> Iterator[str]:
    """Every code block of a page that samples."""
    for code in python_blocks():
        if "sample(" in code:
            yield code


def python_blocks() -> list[str]:
    """Every Python block of a page, those inside a fold too."""
    return [
        block.body
        for text in pages().values()
        for block in fenced_blocks(text)
        if block.info == "python"
    ]


def run(code: str, namespace: dict) -> None:
    """Execute a block; its output is compared elsewhere."""
    with contextlib.redirect_stdout(io.StringIO()):
        exec(code, namespace)


def test_pages_draw_far_from_a_boundary(margins):
    """Margins of all sampled texts on pages."""
    blocks = list(drawing_blocks())
    assert len(blocks) >= 5
    for code in blocks:
        run(code, {})
    assert len(margins) > 10
    assert min(margins) > MARGIN


@pytest.mark.usefixtures("one_thread")
def test_the_lab_draws_far_from_a_boundary(margins):
    """Margins of Gibbs sampling and decoding with the stored networks."""
    namespace: dict = {}
    for code in cells("fill-and-continue").values():
        run(code, namespace)
    assert len(margins) > 50
    assert min(margins) > MARGIN


def test_a_draw_at_a_boundary_is_noticed(margins):
    """Negative control: with probabilities equal to the noise two words tie."""
    noise = torch.empty(1, 2).exponential_(generator=torch.Generator().manual_seed(3))
    torch.multinomial(noise, 1, generator=torch.Generator().manual_seed(3))
    torch.multinomial(
        noise * torch.tensor([1, 2]), 1, generator=torch.Generator().manual_seed(3)
    )
    tie, clear = margins
    assert tie < MARGIN < clear


def test_every_block_that_draws_is_among_them():
    """There are as many blocks as the site counts."""
    count = sum(len(openings(text)) for text in pages().values())
    assert count == len(python_blocks())
