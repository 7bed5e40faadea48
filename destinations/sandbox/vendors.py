"""Every stand-in vendor there is: each module of this package that names one as its ``vendor``."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import destinations.sandbox
from destinations.sandbox.vendor import Vendor


def vendors() -> dict[str, type[Vendor]]:
    """Name → class, by looking into the modules of this package."""
    names = [each.name for each in iter_modules(destinations.sandbox.__path__) if each.name != "__main__"]
    found = [getattr(import_module(f"destinations.sandbox.{name}"), "vendor", None) for name in names]
    return {each.name: each for each in found if isinstance(each, type) and issubclass(each, Vendor)}
