"""The skin of a stored head does what the head itself does."""

from pathlib import Path

import numpy as np
import pytest
from dome import N_DOME, write_flame, write_ict

from studio.core.heads import library
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.flame import FlameHead
from studio.core.heads.head import HeadParams
from studio.core.heads.ict import IctHead
from studio.core.jobs import run

ZERO = np.zeros(3, np.float32)


def code(*names: str) -> np.ndarray:
    out = np.zeros(len(ARKIT_NAMES), np.float32)
    out[[ARKIT_INDEX[name] for name in names]] = 1
    return out


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    write_flame(folder / "flame2023.pkl")
    write_ict(folder / "FaceXModel")
    return folder


def test_an_ict_skin_is_the_heads_own(published: Path) -> None:
    run(library.add(published / "FaceXModel"))
    head, skin = library.load("ict"), library.load_skin("ict")
    assert isinstance(head, IctHead)
    np.testing.assert_array_equal(skin.points, head.neutral[: len(skin.points)])
    np.testing.assert_array_equal(skin.landmarks, head.landmark_vertices)
    smile = head.vertices(HeadParams(np.zeros(0, np.float32), code("mouthSmileLeft"), ZERO, ZERO)) - head.neutral
    np.testing.assert_allclose(skin.moved[ARKIT_INDEX["mouthSmileLeft"]], smile[: len(skin.points)], atol=1e-7)
    assert skin.faces.max() < len(skin.points)


def test_a_flame_skin_is_moved_by_the_map_and_has_no_eyeballs(published: Path) -> None:
    run(library.add(published / "FaceXModel"))
    run(library.add(published / "flame2023.pkl"))
    mapped, skin = library.load_map("flame2023"), library.load_skin("flame2023")
    assert isinstance(mapped.head, FlameHead)
    assert len(skin.points) == N_DOME < len(mapped.head.neutral)
    np.testing.assert_array_equal(skin.points[skin.landmarks], mapped.head.neutral[mapped.head.landmark_vertices])

    def posed(*names: str) -> np.ndarray:
        expression = mapped.arkit_to_flame(code(*names)).code()
        return mapped.head.vertices(HeadParams(np.zeros(0, np.float32), expression, ZERO, ZERO))[:N_DOME]

    np.testing.assert_allclose(skin.moved[ARKIT_INDEX["jawOpen"]], posed("jawOpen") - skin.points, atol=1e-6)
    closing = posed("jawOpen", "mouthClose") - posed("jawOpen")
    np.testing.assert_allclose(skin.moved[ARKIT_INDEX["mouthClose"]], closing, atol=1e-6)
