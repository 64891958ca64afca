"""What ``avatar-studio train`` finds here: recipes by configuration and options."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from studio.core.engines.splat_portrait.distill import Distillation
from studio.core.engines.splat_portrait.objectives import PAPER_WEIGHTS, SMALL_WEIGHTS, Weights
from studio.core.engines.splat_portrait.recipe import StaticRecipe
from studio.core.engines.splat_portrait.recipe_denoiser import DenoiserRecipe
from studio.core.engines.splat_portrait.recipe_dynamic import DynamicRecipe
from studio.core.engines.splat_portrait.sizes import VARIANTS, Variants, model_size
from studio.core.errors import UserError
from studio.core.nets.denoiser import SMALL_DENOISER, Denoiser, read_edm
from studio.core.training.checkpoint import load_weights

_SWITCHES = ("l2", "perceptual", "l1", "ssim", "depth", "plate", "lean", "motion", "parting", "source")
_STATIC = ("variants", "targets", "init", "denoiser", "edm", "sds", *_SWITCHES)
_DYNAMIC = (*_STATIC, "static", "frozen", "hidden", "mouth", "time_delta", "static_offset")


def static_recipe(config: str, options: Mapping[str, str]) -> StaticRecipe:
    """Make stage 1's recipe.

    Options: ``variants`` (names joined by +), ``targets``, ``init`` (weights to begin with), the weights of losses by
    name; for score distillation ``denoiser`` (weights trained here) or ``edm`` (converted EDM weights), ``sds`` is
    its weight.
    """
    _check(config, options, _STATIC)
    return StaticRecipe(
        config,
        _variants(options),
        int(_number(options, "targets", 1)),
        _weights(config, options),
        _distillation(options),
        _path(options, "init"),
    )


def dynamic_recipe(config: str, options: Mapping[str, str]) -> DynamicRecipe:
    """Make stage 2's recipe.

    Options: as stage 1's and ``static`` (its weights), ``frozen``, ``hidden``, ``mouth``, ``time_delta``,
    ``static_offset``.

    In ``small`` the static generator is frozen but for its hidden layer, and the mouth counts more, unless they are
    switched off.
    """
    _check(config, options, _DYNAMIC)
    small = config != "paper"
    return DynamicRecipe(
        config,
        _variants(options),
        int(_number(options, "targets", 1)),
        _weights(config, options),
        _distillation(options),
        _path(options, "init"),
        static=_path(options, "static"),
        frozen=bool(_number(options, "frozen", float(small))),
        hidden=bool(_number(options, "hidden", float(small))),
        mouth=bool(_number(options, "mouth", float(small))),
        time_delta=bool(_number(options, "time_delta", 1)),
        static_offset=bool(_number(options, "static_offset", 1)),
    )


def denoiser_recipe(config: str, options: Mapping[str, str]) -> DenoiserRecipe:
    """Make the denoiser's recipe; it has no options."""
    _check(config, options, ())
    return DenoiserRecipe(config)


def _check(config: str, options: Mapping[str, str], known: tuple[str, ...]) -> None:
    try:
        model_size(config)
    except ValueError as error:
        raise UserError(f"{str(error).capitalize()}; choose one of them.") from error
    for name in options:
        if name not in known:
            listed = ", ".join(known) if known else "none"
            raise UserError(f"There is no option '{name}'; these are known: {listed}.")


def _variants(options: Mapping[str, str]) -> Variants:
    try:
        return Variants(tuple(name for name in options.get("variants", "").split("+") if name))
    except ValueError as error:
        raise UserError(f"There is {error}; join some of {', '.join(VARIANTS)} with +.") from error


def _number(options: Mapping[str, str], name: str, otherwise: float) -> float:
    try:
        return float(options.get(name, otherwise))
    except ValueError as error:
        raise UserError(f"The option {name} takes a number; write --with {name}=1.") from error


def _path(options: Mapping[str, str], name: str) -> Path | None:
    return Path(options[name]) if name in options else None


def _weights(config: str, options: Mapping[str, str]) -> Weights:
    weights = PAPER_WEIGHTS if config == "paper" else SMALL_WEIGHTS
    return replace(weights, **{name: _number(options, name, 0.0) for name in _SWITCHES if name in options})


def _distillation(options: Mapping[str, str]) -> Distillation | None:
    if "edm" in options:
        net = read_edm(Path(options["edm"]))
    elif "denoiser" in options:
        net = Denoiser(SMALL_DENOISER)
        load_weights(Path(options["denoiser"]), net)
    else:
        return None
    return Distillation(net.eval().requires_grad_(False), _number(options, "sds", 1.0))
