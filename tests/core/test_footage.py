"""Footage to learn from: which frames are chosen, and which files cannot be used."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from studio.core.errors import UserError
from studio.core.footage import footage_of
from studio.core.jobs import run
from studio.core.media.video_writer import VideoWriter
from studio.core.tracking.keyframes import held_back_frames


@pytest.fixture(scope="module")
def face(bust: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.round(bust * 255).astype(np.uint8))


def test_a_clip_gives_frames_to_learn_and_others_to_judge(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    with VideoWriter(tmp_path / "c.mp4", face.shape[1], face.shape[0], 25) as writer:
        for shift in range(14):
            writer.write(np.ascontiguousarray(np.roll(face, shift, 1)))
    footage, _ = run(footage_of([tmp_path / "c.mp4"]))
    assert 0 < footage.held_back.sum() < len(footage.frames) <= 14
    assert footage.frames.shape[:3] == footage.mattes.shape
    assert (np.diff(footage.times) > 0).all()
    assert (footage.heads[:, 2:] > footage.heads[:, :2]).all()
    assert footage.mattes[0].max() == 255
    with pytest.raises(UserError, match="usable frames"):
        run(footage_of([tmp_path / "c.mp4"], until=0.1))


def test_pictures_are_a_clip_of_cuts(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    for name, picture in (("a.png", face), ("b.png", face[:, ::-1])):
        Image.fromarray(picture).save(tmp_path / name)
    footage, _ = run(footage_of([tmp_path / "a.png", tmp_path / "b.png"]))
    assert not footage.one_place
    assert list(footage.held_back) == [False, True]
    assert footage.frames.shape[1:3] == (512, 512)


def test_files_that_cannot_teach(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    Image.fromarray(face).save(tmp_path / "a.png")
    Image.fromarray(np.full_like(face, 90)).save(tmp_path / "nobody.png")
    with pytest.raises(UserError, match="at least two"):
        run(footage_of([tmp_path / "a.png"]))
    with pytest.raises(UserError, match="not from both"):
        run(footage_of([tmp_path / "a.png", tmp_path / "c.mp4"]))
    with pytest.raises(UserError, match=r"No face was found in 'nobody\.png'"):
        run(footage_of([tmp_path / "a.png", tmp_path / "nobody.png"]))


def test_what_is_held_back_lies_in_stretches() -> None:
    held = held_back_frames(100)
    assert held.sum() == pytest.approx(15, abs=3)
    assert (np.diff(held.astype(int)) == 1).sum() == 3
    assert held_back_frames(3).any()
