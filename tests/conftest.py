"""Fixtures that every room's tests may use."""

import os
from pathlib import Path

import pytest

from studio.core.engines import registry

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real portraits, speech and clips; without it the test is skipped."""
    folder = Path(os.environ.get("AVATAR_STUDIO_SHARED", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "portraits").is_dir():
        pytest.skip("real material is absent: no ../shared/data beside the checkout")
    return folder


@pytest.fixture
def tiny_engine(monkeypatch: pytest.MonkeyPatch) -> str:
    """Register the tiny engine of `fakes` and return its name."""
    monkeypatch.setitem(registry.ENGINES, "tiny", "fakes:TinyEngine")
    return "tiny"


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep logs and the library of avatars out of the home of whoever runs the tests."""
    home = tmp_path_factory.mktemp("home")
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
