"""As many parameters as the published networks have, to the last one."""

from dataclasses import replace

from paradigms.experiments import published_sizes
from paradigms.models import gpt
from paradigms.references import reference
from paradigms.results import load


def test_published_sizes_equal_the_reference():
    """On the meta device: as many parameters as the reference, to the last one."""
    counted = published_sizes.run(published_sizes.CONFIG)
    assert len(counted) == 24
    for row in counted:
        assert row["all"] == row["reference"], row
    assert counted == load("published_sizes").rows


def test_a_missing_parameter_is_noticed(monkeypatch):
    """The guard itself: one more layer in ours, and the count is another."""
    larger = replace(gpt.Config(), layers=13)
    monkeypatch.setattr(
        published_sizes,
        "reference",
        lambda system, _size: reference(system, larger),
    )
    row = published_sizes._counted(gpt.GPT, gpt.Config(), published_sizes.CONFIG)
    assert row["all"] != row["reference"]
