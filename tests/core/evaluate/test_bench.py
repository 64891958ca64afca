"""The bench on a generated clip of a real face, with an engine that is a flat picture."""

import csv
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sound_files import write_wave

from studio.core.engines import registry
from studio.core.engines.base import VARIANTS
from studio.core.errors import UserError
from studio.core.evaluate import brought
from studio.core.evaluate.bench import BenchReport, bench, row_key
from studio.core.evaluate.suite import Case, Contender
from studio.core.evaluate.suites import load_suite
from studio.core.evaluate.workshop import Workshop
from studio.core.jobs import Cancelled, run
from studio.core.media.video_writer import VideoWriter
from studio.core.training.syncnet import SyncScore

PHONES = [(0.0, 0.4, "sil"), (0.4, 0.6, "M"), (0.6, 1.0, "AA1"), (1.0, 1.2, "P"), (1.2, 2.5, "sil")]


@pytest.fixture(scope="module")
def data(bust: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one clip in which a head moves, which also drives, one portrait and one recording."""
    folder = tmp_path_factory.mktemp("data")
    picture = np.round(bust * 255).astype(np.uint8)
    for name in ("talking", "driving", "portraits", "speech"):
        (folder / name).mkdir()
    with VideoWriter(folder / "talking" / "t.mp4", picture.shape[1], picture.shape[0], 25) as writer:
        for i in range(16):
            move = np.array([[1, 0, 2 * i], [0, 1, i]], np.float32)
            moved = cv2.warpAffine(picture, move, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
            writer.write(np.ascontiguousarray(np.asarray(moved, np.uint8)))
    (folder / "driving" / "d.mp4").write_bytes((folder / "talking" / "t.mp4").read_bytes())
    Image.fromarray(picture).save(folder / "portraits" / "p.png")
    tone = 0.1 * np.sin(2 * np.pi * 200 * np.arange(40_000) / 16_000)
    write_wave(folder / "speech" / "s.wav", tone.astype(np.float32)[:, None], 16_000)
    tier = [str(value) for start, end, label in PHONES for value in (start, end, f'"{label}"')]
    lines = ['"phones"', "0", "2.5", str(len(PHONES)), *tier]
    (folder / "speech" / "s.TextGrid").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.ENGINES, "flat", "flat_avatar:FlatEngine")
    monkeypatch.setitem(registry.ENGINES, "broken", "flat_avatar:BrokenEngine")


def quick(data: Path, out: Path, *suites: str, engines: tuple[str, ...] = ("flat",), **more: Any) -> BenchReport:
    return run(bench(data, out, suites, engines, quick=True, **more))


def test_a_report_of_every_contender_and_the_next_run_measures_nothing(data: Path, tmp_path: Path) -> None:
    found = quick(data, tmp_path, "self", "cross")
    rows = {(row.suite, row.contender): row for row in found.rows}
    assert [row.failure for row in found.rows] == [""] * 6
    assert rows["self", "still"].figures["psnr"] < rows["self", "2-D warp"].figures["psnr"]
    assert rows["self", "flat"].figures["psnr"] > rows["self", "still"].figures["psnr"]
    with (tmp_path / "rows.csv").open(encoding="utf-8") as file:
        told = list(csv.DictReader(file))
    assert [(line["suite"], line["contender"]) for line in told] == list(rows)
    assert float(told[0]["psnr"]) == pytest.approx(rows["self", "still"].figures["psnr"], rel=1e-4)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    for name in ("One-shot self-reenactment", "Cross-reenactment", "2-D warp", "Other data", "LPIPS", "quick"):
        assert name in text
    sheets = sorted(path.name for path in (tmp_path / "sheets").iterdir())
    assert sheets == ["cross_d_on_p.jpg", "self_t.jpg"]
    assert all(f"(sheets/{name})" in text for name in sheets)

    again = quick(data, tmp_path, "self", "cross")
    assert (again.kept, again.rows) == (6, found.rows)


def test_what_fails_says_why_and_the_others_go_on(data: Path, tmp_path: Path) -> None:
    found = quick(data, tmp_path, "self", engines=("broken", "flat"))
    by = {(row.suite, row.contender): row for row in found.rows}
    assert "ZeroDivisionError: by nought" in by["self", "broken"].failure
    assert by["self", "flat"].figures["psnr"] > 10
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "broken has no figures in any case: a bug: ZeroDivisionError: by nought" in text
    # What failed is tried again, what did not is kept.
    assert quick(data, tmp_path, "self", engines=("broken", "flat")).kept == 3


def test_it_goes_on_where_it_was_cancelled(data: Path, tmp_path: Path) -> None:
    told: list[str] = []

    def warped() -> bool:
        return any("2-D warp" in message for message in told)

    with pytest.raises(Cancelled):
        run(bench(data, tmp_path, ["self"], ["flat"], quick=True), lambda p: told.append(p.message), warped)
    assert not (tmp_path / "report.md").exists()
    assert quick(data, tmp_path, "self").kept == 1


def test_lips_and_cost_are_measured(data: Path, tmp_path: Path) -> None:
    found = quick(data, tmp_path, "lips", "cost")
    by = {(row.suite, row.contender): row.figures for row in found.rows}
    assert by["lips", "flat"]["opening"] < 3  # a flat picture never opens its mouth; at this size trackers tremble
    assert set(by["cost", "flat"]) >= {"coarse", "finished", "cpu", "gaussians", "megabytes"}
    assert by["cost", "flat"]["coarse"] <= by["cost", "flat"]["finished"]


def test_trained_engines_have_three_rows_and_others_say_that_they_have_one(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.ENGINES, "learned", "flat_avatar:LearnedEngine")
    found = quick(data, tmp_path, "self", engines=("learned", "flat"), variants=True, only=["no such case", "t"])
    names = ["still", "2-D warp", *(f"learned, {v}" for v in VARIANTS), "flat"]
    assert [row.contender for row in found.rows] == names
    assert [name for name, row in zip(names, found.rows, strict=True) if row.failure] == names[2:5]
    assert found.notes == ("flat has no trained weights: it has one row, not 3.",)
    assert quick(data, tmp_path, "self", only=["no such case"]).rows == ()


def test_a_row_is_known_by_data_seed_and_settings(data: Path, tmp_path: Path) -> None:
    suite, clip = load_suite("self"), tmp_path / "t.mp4"
    clip.write_bytes(b"one")
    case = Case("t", {"clip": clip}, {"frames": 4})

    def key(case: Case = case, who: str = "flat", **more: Any) -> str:
        return row_key(suite, case, Contender(who, who), Workshop(tmp_path, **more))

    first = key()
    assert first == key()
    changed = {key(seed=1), key(quick=True), key(who="broken"), key(Case("t", case.files, {"frames": 5}))}
    clip.write_bytes(b"another")
    assert len({first, *changed, key()}) == 6


def test_missing_data_and_unknown_names_are_said(tmp_path: Path) -> None:
    empty = quick(tmp_path / "nothing", tmp_path / "out", "self", "lips")
    assert (empty.rows, len(empty.notes)) == ((), 2)
    assert "talking/" in empty.notes[0]
    with pytest.raises(UserError, match="no suite called 'speed'"):
        quick(tmp_path, tmp_path / "out", "speed")
    with pytest.raises(UserError, match="no engine called 'flatter'"):
        quick(tmp_path, tmp_path / "out", "self", engines=("flatter",))


def test_measures_of_networks_that_a_user_brings_are_taken_where_they_are_there(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mean_colours(pictures: Any) -> NDArray[np.float64]:
        return np.stack([picture.mean((0, 1)) for picture in pictures])

    monkeypatch.setattr(brought, "why_no_fid", lambda: None)
    monkeypatch.setattr(brought, "fid_features", mean_colours)
    found = quick(data, tmp_path, "self")
    assert found.rows[0].figures["fid"] > 0
    assert "lpips" not in found.rows[0].figures
    assert "| FID | " not in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "| LPIPS | " in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_syncnet_is_given_faces_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """One frame in which no face was found, and one in which the tracker jumped, change nothing."""
    given = []

    def score(faces: np.ndarray, samples: np.ndarray) -> SyncScore:
        given.append((faces, samples))
        return SyncScore(7.0, 5.0, 0)

    monkeypatch.setattr(brought, "sync_score", score)
    monkeypatch.setattr(brought, "why_no_syncnet", lambda: "needs weights")
    made = np.zeros((30, 96, 96, 3), np.uint8)
    made[:, 30:70, 30:70] = 255
    landmarks = np.random.default_rng(0).uniform(30, 70, (1, 478, 3)).repeat(30, 0)
    landmarks[:, 0, :2], landmarks[:, 1, :2] = 30, 70
    landmarks[9] = np.nan
    landmarks[20, :, :2] += 25
    samples = np.zeros(16000 * 30 // 25, np.float32)
    assert brought.brought_sync(made, landmarks, samples) == {}
    monkeypatch.setattr(brought, "why_no_syncnet", lambda: None)
    assert brought.brought_sync(made, landmarks, samples) == {"lse_d": 7.0, "lse_c": 5.0}
    ((faces, heard),) = given
    assert faces.shape == (30, 224, 224, 3)
    assert heard is samples
    assert (faces == faces[0]).all()
    assert faces[0, 80, 112].tolist() == [255, 255, 255]
    assert brought.brought_sync(made, landmarks * np.nan, samples) == {}
