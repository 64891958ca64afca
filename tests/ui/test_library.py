from pathlib import Path

import numpy as np
import pytest
from fakes import TinyAvatar

from studio.core.avatar import Consent
from studio.core.jobs import run
from studio.core.project.archive import load_avatar
from studio.ui.library import Library


@pytest.fixture
def library(tmp_path: Path, tiny_engine: str) -> Library:
    return Library(tmp_path / "avatars")


def test_what_is_kept_is_listed_and_can_be_read(library: Library) -> None:
    avatar = TinyAvatar.make(name="Ada")
    entry = library.keep(avatar)
    (listed,) = run(library.scan())
    assert (listed.key, listed.name, listed.path) == (entry.key, "Ada", entry.path)
    assert listed.thumbnail.ndim == 3
    read = load_avatar(listed.path)
    np.testing.assert_array_equal(read.state().arrays["means"], avatar.means)


def test_two_people_of_one_name_are_both_kept(library: Library) -> None:
    library.keep(TinyAvatar.make(name="Ada"))
    library.keep(TinyAvatar.make(name="Ada"))
    assert len(run(library.scan())) == 2


def test_a_broken_file_is_left_out_and_left_alone(library: Library) -> None:
    library.keep(TinyAvatar.make())
    broken = library.folder / "broken.avatar"
    broken.write_bytes(b"PK\x05\x06 no zip")
    assert len(run(library.scan())) == 1
    assert broken.exists()


def test_an_empty_library_is_no_fault(library: Library) -> None:
    assert run(library.scan()) == []


def test_consent_is_remembered_by_content_not_by_name(library: Library, tmp_path: Path) -> None:
    picture, copy, other = (tmp_path / name for name in ("a.png", "b.png", "c.png"))
    picture.write_bytes(b"one")
    copy.write_bytes(b"one")
    other.write_bytes(b"two")
    consent = Consent(True, "window", "2026-01-01T00:00:00+00:00")
    library.remember_consent(picture, None, consent)
    assert library.consent_for(copy) == consent
    assert library.consent_for(other) is None


def test_consent_of_one_person_is_not_that_of_the_next_in_the_picture(library: Library, tmp_path: Path) -> None:
    picture = tmp_path / "two.png"
    picture.write_bytes(b"two")
    consent = Consent(True, "window", "2026-01-01T00:00:00+00:00")
    library.remember_consent(picture, 2, consent)
    assert library.consent_for(picture, 2) == consent
    assert library.consent_for(picture, 1) is None
    assert library.consent_for(picture) is None


def test_only_files_of_the_library_are_deleted(library: Library, tmp_path: Path) -> None:
    from dataclasses import replace

    entry = library.keep(TinyAvatar.make())
    elsewhere = tmp_path / "mine.avatar"
    elsewhere.write_bytes(entry.path.read_bytes())
    library.forget(replace(entry, path=elsewhere))
    assert elsewhere.exists()
    library.forget(entry)
    assert not entry.path.exists()
