"""Why frames of a graphics card may have to take the way through main memory; no display is needed."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from studio.ui.viewport.gl_interop import Cuda, Interop, on_card, on_host


class OnCard:
    """Looks like a CUDA tensor."""

    is_cuda = True

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels, self.nbytes = pixels, pixels.nbytes

    def cpu(self) -> "OnCard":
        return self

    def numpy(self) -> np.ndarray:
        return self.pixels


def test_only_arrays_lie_in_main_memory() -> None:
    array = np.zeros((2, 2, 4), np.uint8)
    card: Any = OnCard(array)
    assert not on_card(array)
    assert on_card(card)
    assert on_host(array) is array
    assert on_host(card) is array


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ImportError("No module named 'cuda'"), "cuda-core is missing; install it with pip install cuda-core[cu13]"),
        (RuntimeError("CUDA_ERROR_OPERATING_SYSTEM: the driver refuses."), "CUDA_ERROR_OPERATING_SYSTEM: the driver"),
        (KeyError(), "KeyError"),
    ],
)
def test_what_is_missing_is_said_once_and_not_asked_for_again(
    qapp: QApplication, error: Exception, reason: str
) -> None:
    asked = []

    def connect() -> Cuda:
        asked.append(1)
        raise error

    interop = Interop(connect)
    picture = OnCard(np.zeros((2, 2, 4), np.uint8))
    assert not interop.bind(picture)
    assert interop.why_not.startswith(f"Frames reach the window through main memory: {reason}")
    tries = len(asked)
    assert not interop.bind(picture)
    assert len(asked) == tries
