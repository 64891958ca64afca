"""What `benchmarks/render.py` takes for sorting must be the program's sorting, and for handing over the view's."""

import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QPaintEvent

from studio.core.render.numba_backend import Workspace
from studio.core.render.numba_runtime import kernel_threads
from studio.ui.viewport import view

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("render")


def test_the_sorting_that_is_timed_is_that_of_the_program(benchmark: Any) -> None:
    gaussians, camera = benchmark.head(4000, 128)
    workspace = Workspace()
    with kernel_threads() as threads:
        workspace.render(gaussians, camera, threads)
        count = workspace.tile_starts[-1]
        sorted_by_program = workspace.entries[:count].copy()
        workspace.entries[:] = 0
        benchmark.sort_tiles(workspace.tile_rows, workspace.tile_starts, threads, workspace.entries)
    assert count > 4000
    assert np.array_equal(workspace.entries[:count], sorted_by_program)


def test_steps_take_turns(benchmark: Any) -> None:
    taken: list[str] = []
    medians = benchmark.medians_ms({"a": lambda: taken.append("a"), "b": lambda: taken.append("b")}, 3)
    assert "".join(taken) == "ab" * 4
    assert set(medians) == {"a", "b"}


def test_without_a_display_nothing_is_handed_over(benchmark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(import_module("handing").sys, "platform", "linux")
    handing = benchmark.Handing()
    assert handing.seconds([np.zeros((8, 8, 4), np.uint8)], 5) == []
    assert handing.means == "no upload: there is no display; run it under xvfb-run -a"


def test_without_opengl_every_picture_is_painted(benchmark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[int] = []
    paint = view.PaintedView.paintEvent

    def counted(self: view.PaintedView, event: QPaintEvent) -> None:
        painted.append(self.width())
        paint(self, event)

    monkeypatch.setattr(view.PaintedView, "paintEvent", counted)
    monkeypatch.setattr(import_module("handing"), "opengl_renderer", lambda: "")
    handing = benchmark.Handing()
    assert "painted by the processor" in handing.means
    before = len(painted)
    times = handing.seconds(list(np.zeros((2, 96, 96, 4), np.uint8)), 5)
    handing.close()
    assert len(times) == 5
    assert len(painted) - before >= 7  # two more to begin with
    assert painted[-1] == 96


ON_A_DISPLAY = """
import json
import numpy as np
from PySide6.QtWidgets import QApplication
from handing import Handing
app = QApplication([])
handing = Handing()
pictures = list(np.random.default_rng(0).integers(0, 256, (2, 48, 48, 4), np.uint8))
times = handing.seconds(pictures, 3)
from vispy import gloo
off = None
if handing._canvas is not None:
    frame = gloo.FrameBuffer(handing._canvas._texture)
    handing._canvas.context.glir.associate(frame.glir)
    with frame:
        seen = gloo.read_pixels((0, 0, 48, 48))[::-1]
    off = int(np.abs(seen.astype(int) - pictures[0]).max())
handing.close()
print(json.dumps({"means": handing.means, "count": len(times), "off": off}), flush=True)
"""


def test_with_opengl_every_picture_reaches_the_texture() -> None:
    if shutil.which("xvfb-run") is None:
        pytest.skip("xvfb-run is not installed, so there is no display to look at")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(BENCHMARKS), str(BENCHMARKS.parent)]),
        "QT_QPA_PLATFORM": "xcb",
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }
    environment.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)
    command = ["xvfb-run", "-a", "-s", "-screen 0 640x480x24", sys.executable, "-c", ON_A_DISPLAY]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    if said["off"] is None:
        pytest.skip("this display has no OpenGL")
    assert said == {"means": said["means"], "count": 3, "off": 0}
    assert "OpenGL is " in said["means"]
