"""Modules that are imported when one of their names is used for the first time.

A build whose notebooks have not changed needs neither nbconvert nor jupytext;
importing them took a quarter of its time.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Deferred(ModuleType):
    """Stands for a module, imports it at the first use, and passes its names on."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            if name == "__file__":  # `inspect` and Hypothesis ask every module for it
                raise AttributeError(name)
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def defer_import(name: str) -> None:
    """Let the next `import` of a module wait; one that is imported stays as it is."""
    sys.modules.setdefault(name, _Deferred(name))
