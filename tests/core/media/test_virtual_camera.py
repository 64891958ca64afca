"""The virtual camera's process, with a stand-in for pyvirtualcam on its path."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from studio.core.media import virtual_camera
from studio.core.media.virtual_camera import VirtualCamera

FAKE = """
import os
class PixelFormat:
    RGB = "rgb"
class Camera:
    def __init__(self, width, height, fps, fmt):
        if os.environ.get("FAKE_CAMERA") == "no driver":
            raise RuntimeError("v4l2loopback is not loaded.")
        print("words of a library", flush=True)
        self.device, self.size = "/dev/video9", (height, width, 3)
    def __enter__(self):
        return self
    def __exit__(self, *_):
        open(os.environ["FAKE_CAMERA_LOG"], "a").write("closed")
    def send(self, frame):
        assert frame.shape == self.size and frame.dtype == "uint8"
        with open(os.environ["FAKE_CAMERA_LOG"], "a") as log:
            log.write(f"{frame[0, 0].tolist()}\\n")
"""


class Heard:
    """What a camera said, waited for."""

    def __init__(self) -> None:
        self.told: list[tuple[bool, str]] = []
        self.came = threading.Semaphore(0)

    def __call__(self, shows: bool, sentence: str) -> None:
        self.told.append((shows, sentence))
        self.came.release()

    def wait(self) -> tuple[bool, str]:
        assert self.came.acquire(timeout=60)
        return self.told[-1]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the stand-in on the path of the child, not on ours."""
    (tmp_path / "pyvirtualcam.py").write_text(FAKE)
    root = Path(__file__).parents[3]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(root)]))
    monkeypatch.setenv("FAKE_CAMERA_LOG", str(tmp_path / "log"))
    return tmp_path / "log"


def test_frames_reach_the_camera_and_the_newest_last(log: Path) -> None:
    heard = Heard()
    camera = VirtualCamera(32, 16, 30, heard)
    assert heard.wait() == (True, "Other programs see the head as the camera “/dev/video9”.")
    seen = threading.Event()
    for value in (10, 20, 30):
        camera.show(np.full((16, 32, 4), value, np.uint8))
    with pytest.raises(ValueError, match="expected"):
        camera.show(np.zeros((8, 8, 3), np.uint8))
    while not (log.exists() and "[30, 30, 30]" in log.read_text()):
        assert not seen.wait(0.01)
    camera.close()
    assert log.read_text().endswith("closed")
    assert not [thread for thread in threading.enumerate() if thread.name == "virtual camera"]


def test_a_missing_driver_is_told_with_what_to_do(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_CAMERA", "no driver")
    heard = Heard()
    camera = VirtualCamera(32, 16, 30, heard)
    shows, sentence = heard.wait()
    camera.show(np.zeros((16, 32, 3), np.uint8))
    camera.close()
    assert not shows
    assert "v4l2loopback is not loaded" in sentence
    assert virtual_camera.driver_advice() in sentence


def test_a_missing_package_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyvirtualcam.py").write_text("raise ImportError('none', name='pyvirtualcam')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path(__file__).parents[3])]))
    heard = Heard()
    camera = VirtualCamera(32, 16, 30, heard)
    shows, sentence = heard.wait()
    camera.close()
    assert (shows, "pip install pyvirtualcam" in sentence) == (False, True)


def test_it_ends_at_once_while_nothing_was_shown(log: Path) -> None:
    heard = Heard()
    camera = VirtualCamera(32, 16, 30, heard)
    camera.close()
    assert heard.told[-1][0] is False
