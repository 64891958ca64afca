"""Which engines there are, by name; importing this imports none of them."""

from importlib import import_module

from studio.core.engines.base import Engine
from studio.core.errors import UserError

ENGINES: dict[str, str] = {
    "lift": "studio.core.engines.lift.engine:LiftEngine",
}

PLANNED: tuple[str, ...] = ("genfacetalk", "ggtalker", "splat-portrait", "sdtalk", "unigaha")


def load_engine(name: str) -> Engine:
    """Return the engine called `name`.

    Raises
    ------
    UserError
        If there is no such engine, or it is planned and not built yet.
    """
    if name in PLANNED:
        raise UserError(f"The engine '{name}' is not part of this version yet; use --engine lift.")
    if name not in ENGINES:
        raise UserError(f"There is no engine called '{name}'; use one of: {', '.join(ENGINES)}.")
    module, attribute = ENGINES[name].split(":")
    return getattr(import_module(module), attribute)()
