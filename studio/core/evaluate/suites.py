"""Which suites there are, by name, in the order in which they are run; importing this imports none of them."""

from importlib import import_module

from studio.core.errors import UserError
from studio.core.evaluate.suite import Suite

_HERE = "studio.core.evaluate"

SUITES: dict[str, str] = {
    "self": f"{_HERE}.self_reenactment",
    "cross": f"{_HERE}.cross_reenactment",
    "lifted-views": f"{_HERE}.lifted_views",
    "rendered-views": f"{_HERE}.rendered_views",
    "geometry": f"{_HERE}.geometry",
    "lips": f"{_HERE}.lip_sync",
    "personal": f"{_HERE}.personalisation",
    "cost": f"{_HERE}.cost",
}


def load_suite(name: str) -> Suite:
    """Return the suite called `name`.

    Raises
    ------
    UserError
        If there is none.
    """
    if name not in SUITES:
        raise UserError(f"There is no suite called '{name}'; use one of: {', '.join(SUITES)}.")
    return import_module(SUITES[name]).SUITE
