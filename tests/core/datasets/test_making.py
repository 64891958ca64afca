"""A data set is the same bytes however it is made, goes on where it stopped, and says what is in it."""

import json
import tarfile
from pathlib import Path

import pytest
from dots import Dots

from studio.core.datasets.making import locally, make_dataset
from studio.core.datasets.report import scenes_of
from studio.core.datasets.writer import RECORDS, read_manifest, write_shard
from studio.core.errors import UserError
from studio.core.jobs import Progress, run


def shards_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.tar")}


def test_the_same_seed_makes_the_same_bytes_in_any_number_of_processes(tmp_path: Path) -> None:
    first = run(make_dataset(Dots(), tmp_path / "a", locally(1)))
    again = run(make_dataset(Dots(), tmp_path / "b", locally(2)))
    assert first == again
    assert shards_of(tmp_path / "a") == shards_of(tmp_path / "b")
    assert len(shards_of(tmp_path / "a")) == 4
    other = run(make_dataset(Dots(seed=1), tmp_path / "c", locally(1)))
    assert {shard["sha256"] for shard in other["shards"]}.isdisjoint(shard["sha256"] for shard in first["shards"])


def test_scenes_come_back_from_the_shards(tmp_path: Path) -> None:
    run(make_dataset(Dots(), tmp_path / "set", locally(1)))
    scenes = list(scenes_of(tmp_path / "set" / "dots-p2.tar"))
    assert [scene.key for scene in scenes] == ["dots-p2-000", "dots-p2-001", "dots-p2-002"]
    assert {scene.identity for scene in scenes} == {"p2"}
    with tarfile.open(tmp_path / "set" / "dots-p2.tar") as tar:
        assert {(info.mtime, info.uid, info.uname) for info in tar} == {(0, 0, "")}


def test_the_manifest_counts_what_was_made_and_what_was_not(tmp_path: Path) -> None:
    manifest = run(make_dataset(Dots(none_of=("p1", "p3")), tmp_path / "set", locally(1)))
    assert manifest == read_manifest(tmp_path / "set")
    assert (manifest["scenes"], manifest["views"], manifest["identities"], manifest["ships"]) == (6, 12, 2, 4)
    assert manifest["refused"] == {"no face was found": 2}
    assert [shard["file"] for shard in manifest["shards"]] == ["dots-p0.tar", "dots-p2.tar"]
    page = (tmp_path / "set" / "README.md").read_text()
    assert "| no face was found | 2 |" in page
    assert (tmp_path / "set" / "contact_sheet.png").stat().st_size > 1000


def test_a_set_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    folder, log = tmp_path / "set", tmp_path / "scratch"
    log.mkdir()
    maker = Dots(scratch=log)
    job = make_dataset(maker, folder, locally(1))
    for report in job:
        if "2 of 4" in report.message:
            break
    job.close()
    assert not (folder / "manifest.json").exists()
    kept = shards_of(folder)
    assert len(kept) == 2
    run(make_dataset(maker, folder, locally(1)))
    assert shards_of(folder).items() >= kept.items()
    made = (log / "made").read_text().split()[::2]
    assert sorted(made) == [f"dots-p{k}" for k in range(4)]


def test_a_shard_that_is_stopped_midway_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / RECORDS).mkdir()
    maker = Dots()
    writing = write_shard(maker, maker.plans()[0], tmp_path)
    next(writing)
    writing.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_other_settings_make_the_shards_anew(tmp_path: Path) -> None:
    run(make_dataset(Dots(takes=1), tmp_path, locally(1)))
    before = shards_of(tmp_path)
    assert run(make_dataset(Dots(takes=2), tmp_path, locally(1)))["scenes"] == 8
    assert all(shards_of(tmp_path)[name] != data for name, data in before.items())


def test_progress_is_told_and_reaches_the_end(tmp_path: Path) -> None:
    reports: list[Progress] = []
    run(make_dataset(Dots(), tmp_path, locally(2)), reports.append)
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert "4 of 4, 24 views" in reports[-2].message


def test_a_set_of_nothing_says_why(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no face was found \(4\)"):
        run(make_dataset(Dots(none_of=("p0", "p1", "p2", "p3")), tmp_path, locally(1)))


def test_a_folder_without_a_manifest_is_no_set(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"format": "something else"}))
    with pytest.raises(UserError, match="make the set again"):
        read_manifest(tmp_path)
