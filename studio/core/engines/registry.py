"""Which engines there are, by name; importing this imports none of them."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from studio.core.engines.base import Engine
from studio.core.errors import UserError

if TYPE_CHECKING:
    from studio.core.training.recipe import Recipe

ENGINES: dict[str, str] = {
    "lift": "studio.core.engines.lift.engine:LiftEngine",
    "splat-portrait": "studio.core.engines.splat_portrait.engine:SplatPortraitEngine",
}

PLANNED: tuple[str, ...] = ("genfacetalk", "ggtalker", "sdtalk", "unigaha")

RECIPES: dict[str, str] = {
    "splat-portrait": "studio.core.engines.splat_portrait.training:static_recipe",
    "splat-portrait-dynamic": "studio.core.engines.splat_portrait.training:dynamic_recipe",
    "splat-portrait-denoiser": "studio.core.engines.splat_portrait.training:denoiser_recipe",
}
"""What can be trained, by name: functions that make a `Recipe` of a configuration and the options of ``--with``."""


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


def load_recipe(name: str, config: str, options: Mapping[str, str]) -> "Recipe":
    """Return how what is called `name` is trained.

    Raises
    ------
    UserError
        If there is no such recipe, or it knows no such configuration or option.
    """
    if name not in RECIPES:
        known = f"use one of: {', '.join(RECIPES)}" if RECIPES else "nothing can be trained in this version"
        raise UserError(f"There is nothing to train called '{name}'; {known}.")
    module, attribute = RECIPES[name].split(":")
    return getattr(import_module(module), attribute)(config, options)
