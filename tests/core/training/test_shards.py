"""Shards: every sample once an epoch, the same order for everybody, nobody on both sides, nothing believed."""

import itertools
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_training import TINY, TinyRecipe, tiny_scene, write_shard, write_tiny_set
from webdataset.tariterators import group_by_keys, tar_file_expander

from studio.core.errors import UserError
from studio.core.training.shards import Samples, is_held_out, open_shards, parts, place_in_order


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_set(tmp_path_factory.mktemp("data"))


def test_every_scene_is_found_and_read(folder: Path) -> None:
    entries = open_shards(folder).entries
    assert sorted(entry.key for entry in entries) == [f"{k:06d}" for k in range(14)]
    for entry in entries:
        scene = entry.read()
        assert (scene.key, scene.identity, scene.ships) == (entry.key, entry.identity, entry.ships)
        assert scene.seed == int(entry.key)


def test_what_webdataset_streams_is_what_is_read(folder: Path) -> None:
    shard = folder / "000.tar"
    with shard.open("rb") as stream:
        streamed = list(group_by_keys(tar_file_expander([{"url": str(shard), "stream": stream}])))
    ours = [entry for entry in open_shards(folder).entries if entry.shard == shard]
    assert [sample["__key__"] for sample in streamed] == [entry.key for entry in ours]
    for sample, entry in zip(streamed, ours, strict=True):
        assert entry.read().members() == {"safetensors": sample["safetensors"], "json": sample["json"]}


def test_no_identity_is_on_both_sides(folder: Path) -> None:
    learnt, held_out = open_shards(folder).split()
    assert {entry.identity for entry in held_out} == {f"p{k}" for k in range(200) if is_held_out(f"p{k}")} & {
        entry.identity for entry in open_shards(folder).entries
    }
    assert not {entry.identity for entry in learnt} & {entry.identity for entry in held_out}
    assert 50 < sum(is_held_out(f"someone{k}") for k in range(1000)) < 150


def test_what_must_not_ship_is_left_out_where_that_matters(folder: Path) -> None:
    keys = [entry.key for entry in open_shards(folder, shipping=True).entries]
    assert sorted(keys) == [f"{k:06d}" for k in range(14) if k % 5 != 0]


def test_the_digest_is_that_of_the_set(folder: Path, tmp_path: Path) -> None:
    digest = open_shards(folder).digest
    assert open_shards(write_tiny_set(tmp_path / "again")).digest == digest
    write_shard(tmp_path / "again" / "new.tar", [tiny_scene(99, "p99")])
    assert open_shards(tmp_path / "again").digest != digest


def test_every_epoch_is_another_order_of_all() -> None:
    epochs = [[place_in_order(number, 7, seed=1) for number in range(7 * k, 7 * k + 7)] for k in range(3)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert epochs[0] != epochs[1]
    assert epochs[0] != [place_in_order(number, 7, seed=2) for number in range(7)]


@pytest.mark.parametrize(("processes", "accumulate"), [(1, 1), (2, 1), (2, 2), (4, 3)])
def test_processes_share_each_step(processes: int, accumulate: int) -> None:
    settings = replace(TINY, batch=24, accumulate=accumulate)
    for step in (0, 5):
        taken = [
            number
            for rank in range(processes)
            for part in itertools.islice(parts(settings, step, rank, processes), accumulate)
            for number in part
        ]
        assert sorted(taken) == list(range(24 * step, 24 * step + 24))


def test_a_sample_depends_on_its_number_alone(folder: Path) -> None:
    entries = list(open_shards(folder).entries)
    one, other = Samples(TinyRecipe(), entries, seed=3), Samples(TinyRecipe(), entries, seed=3)
    for number in (20, 4, 11):
        a, b = one[number], other[number]
        assert all(bool((a[name] == b[name]).all()) for name in a)
    views = {one[number]["world_to_camera"].numpy().tobytes() for number in range(10)}
    assert len(views) == 2


def test_damage_is_told(folder: Path, tmp_path: Path) -> None:
    whole = (folder / "000.tar").read_bytes()
    (tmp_path / "a.tar").write_bytes(b"no tar at all" * 100)
    with pytest.raises(UserError, match=r"shard 'a.tar' is damaged"):
        open_shards(tmp_path)
    (tmp_path / "a.tar").unlink()
    with tarfile.open(tmp_path / "b.tar", "w:gz") as tar:
        tar.add(folder / "000.tar", "x.json")
    with pytest.raises(UserError, match="damaged or compressed"):
        open_shards(tmp_path)
    (tmp_path / "b.tar").write_bytes(whole[:700])
    with pytest.raises(UserError, match="damaged"):
        open_shards(tmp_path)
    (tmp_path / "b.tar").write_bytes(whole)
    entry = open_shards(tmp_path).entries[0]
    offset = entry.places["safetensors"][0]
    (tmp_path / "b.tar").write_bytes(whole[:offset] + bytes(1000) + whole[offset + 1000 :])
    with pytest.raises(UserError, match="damaged"):
        entry.read()


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no shards"):
        open_shards(tmp_path)
    write_shard(tmp_path / "a.tar", [tiny_scene(0, "p0", ships=False)])
    with pytest.raises(UserError, match="no samples that weights may be shipped of"):
        open_shards(tmp_path, shipping=True)
