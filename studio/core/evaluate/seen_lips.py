"""Measured lips: what a landmark tracker sees of the mouth in clips of people, or avatars, who talk.

A clip's sound need not be the sound of its picture. An offset far from zero, or a correlation that is hardly higher
there than elsewhere, says that this clip judges nothing.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.anatomy import INTEROCULAR, LOWER_LIP_INNER, UPPER_LIP_INNER, eye_centres
from studio.core.media.video import read_frames
from studio.core.perception.landmarks import MeshTracker
from studio.core.speech.features import HOP_SECONDS


def seen_gap(points: NDArray) -> float:
    """Return how far the middle of the lips is open by landmarks ``[478,2+]`` px, mm; NaN where they are.

    In the picture plane, as a share of the distance between the eyes: a head that turns or nods changes it a little.
    """
    apart = points[LOWER_LIP_INNER[3:8], :2] - points[UPPER_LIP_INNER[3:8], :2]
    eyes = eye_centres(points[:, :2])
    down = np.array([eyes[0, 1] - eyes[1, 1], eyes[1, 0] - eyes[0, 0]])  # square to the line between the eyes
    between = np.linalg.norm(down)
    return float((apart @ down).mean() / between**2 * INTEROCULAR * 1e3)


def measured_gap(clip: Path, cache: Path) -> NDArray[np.float64]:
    """Return the `seen_gap` of a clip at the times ``k * HOP_SECONDS`` ``[T]``; kept in `cache`.

    Frames without a face are bridged.
    """
    if cache.exists():
        times, gaps = np.array(json.loads(cache.read_text(encoding="utf-8")))
    else:
        times, gaps = _tracked(clip)
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps([times.tolist(), gaps.tolist()]), encoding="utf-8")
    return np.interp(np.arange(int(times[-1] / HOP_SECONDS)) * HOP_SECONDS, times, gaps)


def _tracked(clip: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    tracker = MeshTracker()
    times, gaps = [], []
    try:
        for time, rgb in read_frames(clip):
            points = tracker.track(rgb)
            if points is not None:
                times.append(time)
                gaps.append(seen_gap(points))
    finally:
        tracker.close()
    return np.array(times), np.array(gaps)
