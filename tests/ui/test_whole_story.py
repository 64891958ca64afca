"""Drop, build, speak, record, edit, undo, save, be killed, recover, export: one session through the real widgets."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

STALLS = "stalls: "
STORY = Path(__file__).parents[1] / "story.py"
EXPORTS = {
    "clip.mp4", "clip.mov", "clip.webm", "frames", "deep frames", "motion.csv", "still.png", "sheet.png",
    "splats.ply", "splats.spz", "splats.glb",
}  # fmt: skip


def start(part: str, folder: Path, engine: str) -> subprocess.Popen[str]:
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(STORY.parents[1]), str(STORY.parent)]))
    command = [sys.executable, str(STORY), part, str(folder), engine]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def record_stalls(told: str, record_property: Callable[[str, object], None]) -> None:
    """Have the summary of the run tell how long the window stood still."""
    (last,) = [line for line in told.splitlines() if line.startswith(STALLS)][-1:]
    for stall in json.loads(last.removeprefix(STALLS)):
        record_property("stall", stall)


@pytest.mark.parametrize("engine", ["tiny", pytest.param("lift", marks=pytest.mark.slow)])
def test_a_session_survives_its_end_and_leaves_in_every_format(
    tmp_path: Path, engine: str, record_property: Callable[[str, object], None]
) -> None:
    with start("begin", tmp_path, engine) as killed:
        assert killed.stdout is not None
        assert killed.stderr is not None
        before = killed.stdout.readline()
        killed.send_signal(signal.SIGKILL)
        complaints = killed.stderr.read()
        assert before, complaints
    record_stalls(complaints, record_property)
    with start("go_on", tmp_path, engine) as second:
        told, complaints = second.communicate()
    assert second.returncode == 0, complaints
    record_stalls(complaints, record_property)
    assert json.loads(told.splitlines()[0]) == json.loads(before)
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == EXPORTS | ({"mesh.glb"} if engine == "lift" else set()), complaints
