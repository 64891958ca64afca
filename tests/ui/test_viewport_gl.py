"""The textured view on a display of its own, in a process of its own: what the screen shows."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json, sys
import numpy as np
from PySide6.QtWidgets import QApplication
app = QApplication([])
from fakes import TinyAvatar
from studio.core.avatar import render_frame
from studio.core.motion.motion import Motion
from studio.core.render.composite import to_bytes
from studio.ui.viewport.orbit import Orbit
from studio.ui.viewport.stage import Stage

def grab():
    for _ in range(5):
        app.processEvents()
    image = stage.view.widget.grabFramebuffer().convertToFormat(image_format)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return pixels[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[..., :3].astype(int)

from PySide6.QtGui import QImage
image_format = QImage.Format.Format_RGBX8888
stage = Stage()
stage.resize(480, 360)
stage.show()
said = {"painted": stage.why_painted}
if not stage.why_painted:
    avatar = TinyAvatar.make()
    def show(orbit, background="plate"):
        rgba = to_bytes(render_frame(avatar, Motion.neutral(), orbit.camera(avatar, 128), background))
        stage.show_frame(rgba)
        return grab(), rgba
    front, rgba = show(Orbit())
    turned, _ = show(Orbit(yaw=40))
    clear, _ = show(Orbit(), "transparent")
    small, _ = show(Orbit(zoom=0.6))
    height, width = front.shape[:2]
    ratio = stage.devicePixelRatioF()
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    square = front[top:top + side, left:left + side]
    rows = (np.arange(side) * 128) // side
    wanted = rgba[np.ix_(rows, rows)][..., :3].astype(int)
    said |= {
        "size": [width, height], "ratio": ratio,
        "error": float(np.abs(square - wanted).mean()),
        "flipped": float(np.abs(square[::-1] - wanted).mean()),
        "turned": float(np.abs(front - turned).mean()),
        "clear": float(np.abs(front - clear).mean()),
        "zoomed": float(np.abs(front - small).mean()),
        "border": front[height // 2, 2].tolist(),
    }
print(json.dumps(said), flush=True)
stage.close()
"""


@pytest.mark.parametrize("scale", [1, 2])
def test_the_screen_shows_the_frame_the_right_way_up_and_turns(scale: int) -> None:
    if shutil.which("xvfb-run") is None:
        pytest.skip("xvfb-run is not installed, so there is no display to look at")
    tests = Path(__file__).resolve().parents[1]
    paths = os.pathsep.join([str(tests), str(tests.parent)])
    environment = os.environ | {
        "PYTHONPATH": paths,
        "QT_QPA_PLATFORM": "xcb",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "QT_SCALE_FACTOR": str(scale),
        "AVATAR_STUDIO_VIEW": "texture",
    }
    environment.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)
    command = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    if said["painted"]:
        pytest.skip("this display has no OpenGL")
    assert said["size"] == [480 * scale, 360 * scale]
    assert said["error"] < 6
    assert said["flipped"] > 2 * said["error"]
    assert said["turned"] > 3
    assert said["clear"] > 3
    assert said["zoomed"] > 3
    assert said["border"] == [0x17, 0x18, 0x1A]
