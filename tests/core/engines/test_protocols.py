"""The engines keep the house's protocols."""

import numpy as np
import pytest
from fakes import TinyEngine

from studio.core.engines.base import Engine
from studio.core.engines.registry import ENGINES, PLANNED, load_engine
from studio.core.errors import UserError
from studio.core.perception.portrait import Portrait


def offered(engine: Engine) -> set[str]:
    return {
        name for name in ("reconstruct", "adapt", "load", "drivers", "name", "takes_heads") if hasattr(engine, name)
    }


@pytest.mark.parametrize("name", ENGINES)
def test_a_registered_engine_offers_all_an_engine_must(name: str) -> None:
    engine = load_engine(name)
    assert engine.name == name
    assert offered(engine) == offered(TinyEngine())


@pytest.mark.parametrize("name", PLANNED)
def test_a_planned_engine_says_so(name: str) -> None:
    with pytest.raises(UserError, match="not part of this version"):
        load_engine(name)


def test_an_unknown_engine_names_the_known_ones() -> None:
    with pytest.raises(UserError, match="lift"):
        load_engine("elevator")


def test_a_portrait_knows_where_its_head_stands(portrait: Portrait) -> None:
    params = portrait.head_params
    assert params.identity.shape == (478, 3)
    assert not params.expression.any()
    # The astronaut looks into the camera, from within a few metres.
    assert np.degrees(np.linalg.norm(params.rotation)) < 20
    assert 0.3 < params.translation[2] < 5
