"""A scripted editing session with a journal, and a process that runs sessions to be killed.

``python editing_session.py`` reads ``FOLDER SEED`` lines; for each it forks a process that edits, which prints the
number of every edit after it was made and `time.monotonic` then.
"""

import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np

from studio.core.motion.motion import Motion
from studio.core.project import journal
from studio.core.project.claim import claim
from studio.core.project.document import Document
from studio.core.project.timeline import Block, Curve, Key, Marker

EDITS = 2000


def edits(document: Document, seed: int) -> Iterator[int]:
    """Edit as `seed` says, one edit, undo or redo before each yield, and yield its number."""
    rng = random.Random(seed)
    keys = count()
    named = SimpleNamespace(token_hex=lambda length: f"{next(keys):0{2 * length}x}")
    with mock.patch("studio.core.project.document.secrets", named):
        for number in range(EDITS):
            kind = rng.choices(["drag", "marker", "curve", "take", "undo", "redo"], [6, 3, 3, 1, 2, 1])[0]
            state, at = document.state, number / 100
            timeline = state.timeline
            if kind == "drag":
                channel = rng.choice(["jawOpen", "mouthSmileLeft"])
                moved = replace(state, expression={**state.expression, channel: number / EDITS})
                document.edit("Drag", moved, f"expression {channel}", at)
            elif kind == "marker":
                timeline = replace(timeline, markers=(*timeline.markers, Marker(at, f"{number}")))
                document.edit("Add marker", replace(state, timeline=timeline))
            elif kind == "curve":
                points = tuple(Key(i / 10, rng.random()) for i in range(rng.randint(1, 40)))
                document.edit("Curve", replace(state, timeline=timeline.with_curve(Curve("jawOpen", points))))
            elif kind == "take":
                times = np.arange(60) / 60
                key = document.store(Motion.from_frames("arkit", times, np.full((60, 52), number / EDITS)))
                take = Block(f"{number}", key, "Take", at, 0, 1, ("mouth",))
                document.edit("Record", replace(state, timeline=replace(timeline, takes=(*timeline.takes, take))))
            elif kind == "undo":
                document.undo()
            else:
                document.redo()
            yield number


def run(folder: Path, seed: int) -> None:
    """Edit with a journal, at the pace of somebody who drags, until there is nothing left to do."""
    claimed = claim(folder)
    assert claimed is not None
    document = Document()
    kept = journal.Journal(claimed, document)
    for number in edits(document, seed):
        os.write(1, f"{number} {time.monotonic()}\n".encode())
        time.sleep(random.Random(seed + number).random() * 0.008)
    kept.close()
    kept.join()


if __name__ == "__main__":
    journal.REWRITE_AT = 2000  # so that it is also killed while it writes everything anew
    for line in sys.stdin:
        place, number = line.rsplit(" ", 1)
        pid = os.fork()
        if pid == 0:
            run(Path(place), int(number))
            os._exit(0)
        os.write(1, f"pid {pid}\n".encode())
        os.waitpid(pid, 0)
        os.write(1, b"end 0\n")
