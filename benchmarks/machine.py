"""One line that says on what a benchmark ran."""

import os

from studio.core.doctor import machine


def machine_line() -> str:
    """Return processor, memory, renderer and the load beside the benchmark."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return f"{machine()}; load {load:.1f} at the end"
