"""The destinations there are: every module directly in ``destinations/`` that declares one."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import destinations
from destinations.form.destination import Destination


@cache
def catalog() -> dict[str, Destination]:
    """Each destination by its name. A file's name and its destination's name are the same."""
    files = sorted(module.name for module in iter_modules(destinations.__path__) if not module.ispkg)
    found = [getattr(import_module(f"destinations.{file}"), "destination", None) for file in files]
    return {destination.name: destination for destination in found if isinstance(destination, Destination)}
