"""Real clips: takes with one background, what is refused and why."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.datasets.maker import Refused
from studio.core.datasets.prepare import RealClips, clips_in, shared_plate
from studio.core.errors import UserError
from studio.core.media.video_writer import VideoWriter
from studio.core.standard_crop import SIDE
from studio.core.training.scene import Scene


@pytest.fixture(scope="module")
def face(bust: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.round(bust * 255).astype(np.uint8))


def write_clip(path: Path, frames: list[NDArray[np.uint8]]) -> None:
    with VideoWriter(path, frames[0].shape[1], frames[0].shape[0], 25) as writer:
        for frame in frames:
            writer.write(np.ascontiguousarray(frame))


def made_of(root: Path, views: int = 4) -> list[Scene | Refused]:
    maker = RealClips(root, clips_in(root), views, 128)
    return [made for plan in maker.plans() for made in maker.scenes(plan)]


def test_a_clip_becomes_a_take(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    (tmp_path / "somebody").mkdir()
    write_clip(tmp_path / "somebody" / "talk 1.mp4", [np.roll(face, 2 * shift, 1) for shift in range(10)])
    (scene,) = made_of(tmp_path)
    assert isinstance(scene, Scene)
    assert (scene.identity, scene.source, scene.ships) == ("somebody", "clip", False)
    assert scene.rgba.shape == (4, 128, 128, 4)
    assert scene.audio is None
    # The face is in the middle, framed as everywhere, and moves from view to view as its cameras say.
    eyes = np.array([[-0.03, 0.0157, 0.08], [0.03, 0.0157, 0.08], [0, -0.1, 0.08]])
    seen = np.stack([scene.camera(view).project(eyes)[:, :2] for view in range(4)])
    assert np.linalg.norm(seen[0].mean(0) - 64) < 20
    height = 128 / SIDE
    assert np.ptp(seen[0][:, 1]) == pytest.approx(0.7 * height, rel=0.3)
    assert np.ptp(seen[:, 0, 0]) > 3
    assert scene.rgba[0, 64, 64, 3] == 255
    assert scene.rgba[0, 4, 4, 3] < 40
    assert not scene.depth.any()


def test_what_cannot_be_used_is_told(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    write_clip(tmp_path / "short.mp4", [face] * 3)
    write_clip(tmp_path / "nobody.mp4", [np.full_like(face, 90)] * 3)
    (tmp_path / "broken.mp4").write_bytes(b"no clip")
    reasons = [str(made) for made in made_of(tmp_path)]
    assert all(isinstance(made, str) for made in reasons)
    assert "a shot was too short" in reasons
    assert "No face was found in the clip" in reasons
    assert len(reasons) == 3


def test_a_person_leaves_no_ring_in_the_background() -> None:
    rows, columns = np.mgrid[:96, :96]
    wall = np.full((96, 96, 3), [0.2, 0.5, 0.8], np.float32)
    pictures, mattes = [], []
    for shift in (-16, 0, 16):
        distance = np.hypot(columns - 48 - shift, rows - 48)
        # The matte ends where the person does, but the lens has smeared the dark hair beyond.
        matte = np.clip((20 - distance) / 2, 0, 1).astype(np.float32)
        smeared = np.clip((22 - distance) / 4, 0, 1)[..., None].astype(np.float32)
        pictures.append(wall * (1 - smeared))
        mattes.append(matte)
    plate = shared_plate(pictures, mattes)
    assert np.abs(plate - wall).max() < 0.06


def test_a_folder_must_hold_clips(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(UserError, match="There are no clips"):
        clips_in(tmp_path)
    (tmp_path / "a b.mp4").write_bytes(b"")
    (tmp_path / "a_b.mp4").write_bytes(b"")
    with pytest.raises(UserError, match="rename one"):
        clips_in(tmp_path)
