"""Labelled data sets by name."""

import pytest

from paradigms.data import label_subsets


def test_measurements_are_of_a_known_data_set():
    """An unknown name is refused: no other data stand in for it."""
    shapes = {
        name: tuple(label_subsets.measurements(name)[0].shape)
        for name in label_subsets.MEASUREMENTS
    }
    assert shapes == {"tumours": (569, 30), "digits": (1797, 61)}
    with pytest.raises(ValueError, match="must be of tumours or digits: 'tumors'"):
        label_subsets.measurements("tumors")
