"""One line that says on what a benchmark ran."""

import os

from studio.core.doctor import report


def machine_line() -> str:
    """Return processor, memory, renderer and the load beside the benchmark."""
    found = {check.name: check.found for check in report().checks}
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return f"{found['processor']}; {found['memory']}; renderer {found['renderer']}; load {load:.1f} at the end"
