"""Fences: all of them run, none shown broken, mistakes stop the build with one line."""


def test_every_python_fence_is_run_exactly_once():
    """x"""
