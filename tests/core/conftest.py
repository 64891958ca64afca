"""The sample portrait, prepared once for everybody."""

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.jobs import run
from studio.core.media.image import load_picture
from studio.core.perception.portrait import Portrait, prepare_portrait
from studio.core.sample import sample_portrait


@pytest.fixture(scope="session")
def astronaut() -> NDArray[np.float32]:
    """Return the whole sample picture ``[512,512,3]``; its one face is about 92 px wide and 108 px high."""
    return load_picture(sample_portrait()).rgb


@pytest.fixture(scope="session")
def bust(astronaut: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return her head and shoulders ``[300,320,3]``: enough to build from, and quick."""
    return np.ascontiguousarray(astronaut[:300, 60:380])


@pytest.fixture(scope="session")
def portrait(bust: NDArray[np.float32]) -> Portrait:
    """Return the bust, prepared."""
    return run(prepare_portrait(bust, name="astronaut"))
