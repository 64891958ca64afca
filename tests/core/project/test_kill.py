"""Sessions that are killed at any moment lose at most their last second, and come back as they once were."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import editing_session
import numpy as np
import pytest
from editing_session import edits

from studio.core.errors import UserError
from studio.core.project.document import Document
from studio.core.project.replay import replay

KILLS = 9
LOST_AT_MOST = 1.0  # s


@pytest.fixture(scope="module")
def editor() -> Iterator[subprocess.Popen[str]]:
    """Start the process that runs sessions; imports take longer than the sessions."""
    command = [sys.executable, editing_session.__file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def kill_while_editing(editor: subprocess.Popen[str], folder: Path, seed: int) -> tuple[int, int]:
    """Let a session run and kill it; return the number of its last edit, and of the last one a second before."""
    assert editor.stdin is not None
    assert editor.stdout is not None
    rng = random.Random(seed)
    editor.stdin.write(f"{folder} {seed}\n")
    editor.stdin.flush()
    after = [rng.randrange(5), rng.randrange(100), rng.randrange(300, 400)][seed % 3]
    done, pid = [], 0
    while True:
        number, when = editor.stdout.readline().split()
        if number == "pid":
            pid = int(when)
        elif number == "end":
            break
        else:
            done.append((int(number), float(when)))
        if pid and len(done) > after:
            time.sleep(rng.random() * 0.02)  # any moment, not only those when something was just said
            killed = time.monotonic()
            os.kill(pid, signal.SIGKILL)
            after = editing_session.EDITS
    safe = [number for number, when in done if when <= killed - LOST_AT_MOST]
    return done[-1][0], max(safe, default=-1)


def test_a_killed_session_comes_back_as_it_was_within_the_last_second(
    editor: subprocess.Popen[str], tmp_path: Path
) -> None:
    longer_than_a_second = 0
    for seed in range(KILLS):
        folder = tmp_path / str(seed)
        last, safe = kill_while_editing(editor, folder, seed)
        try:
            replayed = replay(folder)
        except UserError:
            assert safe == -1, f"seed {seed}: nothing came back of {last} edits"
            continue
        assert replayed.remark == ""
        document, found = Document(), []
        history = edits(document, seed)
        if (document.state, document.steps, document.done) == (replayed.state, replayed.steps, replayed.done):
            found.append(-1)
        # One edit more than the session told of may have been made.
        for number in history:
            if number > last + 1:
                break
            if (document.state, document.steps, document.done) == (replayed.state, replayed.steps, replayed.done):
                found.append(number)
        assert found, f"seed {seed}: came back as it never was"
        assert max(found) >= safe, f"seed {seed}: lost more than a second, from {max(found)} to {last}"
        for take in replayed.state.timeline.takes:
            kept, was = replayed.motions[take.source], document.motions[take.source]
            np.testing.assert_array_equal(kept.code, was.code)
        longer_than_a_second += safe >= 0
    assert longer_than_a_second > 1
