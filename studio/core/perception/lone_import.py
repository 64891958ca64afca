"""Modules of large packages, imported without what the packages import for others."""

import importlib
import sys
from importlib.util import find_spec, module_from_spec
from types import ModuleType


def import_alone(name: str, *packages: str) -> ModuleType:
    """Import a module without running the `packages` it lies in, outermost first: they stay empty but for it."""
    for package in packages:
        if package not in sys.modules:
            spec = find_spec(package)
            assert spec is not None
            sys.modules[package] = module_from_spec(spec)
    return importlib.import_module(name)
