"""Lifted portraits: built once, other people at every take, and the frame of the standard crop."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from studio.core.datasets import pseudo_multiview
from studio.core.datasets.pseudo_multiview import LiftedPortraits, PosedPortraits, chosen_pictures
from studio.core.errors import UserError
from studio.core.perception.portrait import Portrait
from studio.core.standard_crop import standard_crop


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, bust: NDArray[np.float32]) -> Path:
    """Return a folder of a person who may ship, and of a wall."""
    root = tmp_path_factory.mktemp("portraits")
    Image.fromarray(np.round(bust * 255).astype(np.uint8)).save(root / "eileen.png")
    Image.fromarray(np.full((200, 200, 3), 90, np.uint8)).save(root / "wall.png")
    (root / "CLEAR.txt").write_text("# NASA\neileen.png\n")
    return root


@pytest.fixture(scope="module")
def made(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[LiftedPortraits, list[Any]]:
    """Return the maker and what it made; a head is lifted, which takes seconds of all cores."""
    avatars = tmp_path_factory.mktemp("set") / "avatars"
    maker = LiftedPortraits(chosen_pictures(folder), avatars, takes=3, views=3, size=128)
    return maker, [scene for plan in maker.plans() for scene in maker.scenes(plan)]


@pytest.mark.slow
def test_takes_are_made_of_faces_and_walls_are_refused(made) -> None:
    maker, scenes = made
    assert [plan.name for plan in maker.plans()] == ["lifted-eileen", "lifted-wall"]
    *takes, wall = scenes
    assert str(wall) == "no face was found"
    assert [scene.key for scene in takes] == [f"lifted-eileen-{take:05d}" for take in range(3)]
    assert all(scene.ships and scene.source == "lifted" and scene.origin == "eileen.png" for scene in takes)
    assert all((scene.depth[0] > 0).mean() > 0.2 for scene in takes)


@pytest.mark.slow
def test_every_take_shows_another_person(made) -> None:
    _, (first, second, *_) = made
    assert np.abs(first.picture(0) - second.picture(0)).mean() > 0.02


@pytest.mark.slow
def test_a_head_is_lifted_once_and_makes_the_same_bytes_again(made, monkeypatch: pytest.MonkeyPatch) -> None:
    maker, scenes = made
    pseudo_multiview._kept.cache_clear()
    monkeypatch.setattr(pseudo_multiview, "load_picture", None)  # nothing is lifted any more
    again = list(maker.scenes(maker.plans()[0]))
    assert [scene.members() for scene in again] == [scene.members() for scene in scenes[:3]]


@pytest.mark.slow
def test_the_untouched_portrait_is_framed_as_a_dropped_one(made, folder: Path, portrait: Portrait) -> None:
    maker, _ = made
    posed = PosedPortraits(chosen_pictures(folder, clear_only=True), maker.avatars, size=128)
    scenes: list[Any] = list(posed.scenes(posed.plans()[0]))
    assert [len(scene) for scene in scenes] == [9, 9, 9]
    assert not any(scene.ships for scene in scenes)
    dropped = standard_crop(portrait, 128)
    # Made at another resolution, of another matte: the same face at the same place all the same.
    inner = slice(40, 100)
    apart = np.abs(scenes[0].picture(0)[inner, inner] - dropped.picture[inner, inner]).mean()
    shifted = np.abs(scenes[0].picture(0)[inner, inner] - dropped.picture[inner, 46:106]).mean()
    assert apart < 0.03 < shifted


def test_pictures_are_chosen_by_lists(folder: Path, tmp_path: Path) -> None:
    assert [path.name for path in chosen_pictures(folder)] == ["eileen.png", "wall.png"]
    assert [path.name for path in chosen_pictures(folder, clear_only=True)] == ["eileen.png"]
    (tmp_path / "list.txt").write_text("wall.png\n")
    assert [path.name for path in chosen_pictures(folder, listed=tmp_path / "list.txt")] == ["wall.png"]
    with pytest.raises(UserError, match="no such pictures"):
        chosen_pictures(folder, clear_only=True, listed=tmp_path / "list.txt")


def test_a_plan_knows_its_picture(folder: Path) -> None:
    maker = LiftedPortraits(chosen_pictures(folder), folder)
    content = hashlib.sha256((folder / "eileen.png").read_bytes()).hexdigest()
    assert maker.plans()[0].about["sha256"] == content
