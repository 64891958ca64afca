import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.core.errors import UserError
from studio.core.media.files import atomic_path, check_writable, opened


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 64 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_the_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with atomic_path(target) as temporary:
        temporary.write_text("new")
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".txt"
        assert not target.exists()
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


def write_half(target: Path, kind: type[BaseException]) -> None:
    with atomic_path(target) as temporary:
        temporary.write_text("half")
        raise kind


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, GeneratorExit, SystemExit])
def test_any_exception_keeps_the_old_file(tmp_path: Path, kind: type[BaseException]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(kind):
        write_half(target, kind)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_closing_a_generator_removes_the_temporary_file(tmp_path: Path) -> None:
    def job() -> Iterator[None]:
        with atomic_path(tmp_path / "a.txt") as temporary:
            temporary.write_text("half")
            yield

    running = job()
    next(running)
    assert len(os.listdir(tmp_path)) == 1
    running.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert os.listdir(tmp_path) == []


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with atomic_path(tmp_path / "a.txt"):
        pass
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="create it or choose another"), atomic_path(tmp_path / "no" / "a"):
        pytest.fail("there is nowhere to write")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"), atomic_path(tmp_path):
        pytest.fail("a folder cannot be written")


def test_the_longest_name_works_and_a_longer_one_says_so(tmp_path: Path) -> None:
    with atomic_path(tmp_path / ("x" * 255)):
        pass
    with pytest.raises(UserError, match="too long"), atomic_path(tmp_path / ("x" * 256)):
        pytest.fail("the name is too long")


def test_a_full_disk_says_so_and_leaves_nothing(small_disk: Path) -> None:
    with pytest.raises(UserError, match="disk is full"), atomic_path(small_disk / "a.bin") as temporary:
        temporary.write_bytes(bytes(200_000))
    assert os.listdir(small_disk) == []


def test_a_read_only_folder_says_so(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(UserError, match="choose another folder"), atomic_path(small_disk / "a.bin"):
        pytest.fail("the folder is read-only")


def test_errors_that_are_not_the_users_pass_through(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cable") as caught, atomic_path(tmp_path / "a"):
        raise OSError(errno.EIO, "cable")
    assert not isinstance(caught.value, UserError)


def test_a_parent_with_an_endless_name_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="choose another folder"), atomic_path(tmp_path / ("x" * 300) / "a"):
        pytest.fail("there is no such folder")


def test_checking_leaves_nothing_and_raises_what_writing_would(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    check_writable(tmp_path / "old")
    check_writable(tmp_path / "new")
    assert os.listdir(tmp_path) == ["old"]
    assert (tmp_path / "old").read_text() == "old"
    for bad in (tmp_path, tmp_path / "none" / "a", tmp_path / ("x" * 256)):
        with pytest.raises(UserError):
            check_writable(bad)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("none", "no file 'none'"),
        ("", "is a folder"),
        ("x" * 300, "cannot be opened"),
        ("file/more", "cannot be opened"),
    ],
)
def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "file").write_bytes(b"content")
    with pytest.raises(UserError, match=sentence), opened(tmp_path / name):
        pytest.fail("it cannot be opened")


def test_opening_lets_errors_of_the_block_through(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    with pytest.raises(FileNotFoundError), opened(tmp_path / "file"):
        raise FileNotFoundError
