"""Runs attempt after attempt in one interpreter, as the page does.

The terminal has a process for each attempt.  In the page a new interpreter takes
seconds, so one is kept until an attempt replaces an attribute of a module.
"""

import json
import sys
import types
from typing import Any

from paradigms.site.practice import runner


def run(attempt: str, tests: str) -> str:
    """What `runner.run` returns, as JSON.

    Its key `clean` is false if the attempt left a module or the limit of recursion
    changed: then this interpreter must run nothing more.
    """
    modules, recursion = _attributes(), sys.getrecursionlimit()
    result = runner.run(attempt, tests)
    clean = sys.getrecursionlimit() == recursion and not _changed(modules)
    return json.dumps({**result, "clean": clean})


def _attributes() -> dict[str, tuple[types.ModuleType, dict[str, Any]]]:
    """Every loaded module with a copy of its attributes."""
    loaded = [
        (name, module)
        for name, module in list(sys.modules.items())
        if isinstance(module, types.ModuleType)
    ]
    return {name: (module, dict(vars(module))) for name, module in loaded}


def _changed(before: dict[str, tuple[types.ModuleType, dict[str, Any]]]) -> bool:
    """Whether a module was replaced, or an attribute that is no module has changed."""
    for name, (module, attributes) in before.items():
        if sys.modules.get(name) is not module:
            return True
        now = vars(module)
        for key in attributes.keys() | now.keys():
            old, new = attributes.get(key), now.get(key)
            if old is not new and not isinstance(new, types.ModuleType):
                return True
    return False
