"""Imports that wait until the module is used."""

import sys
from importlib import import_module

from paradigms.site.deferred_imports import defer_import


def test_a_module_is_imported_when_it_is_used(monkeypatch):
    """Not by an import, nor by those who look for the files of all modules."""
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    defer_import("colorsys")
    deferred = import_module("colorsys")
    assert getattr(deferred, "__file__", None) is None
    assert sys.modules["colorsys"] is deferred

    assert deferred.rgb_to_hsv(0, 0, 0) == (0, 0, 0)
    loaded = sys.modules["colorsys"]
    assert loaded is not deferred
    assert loaded.__file__
    assert deferred.__file__ == loaded.__file__


def test_an_imported_module_is_not_deferred():
    """It stays the same."""
    before = sys.modules["sys"]
    defer_import("sys")
    assert sys.modules["sys"] is before
