"""Measured lips: learn from people who were filmed, where their sound is truly that of their picture.

A clip found anywhere may be dubbed, or its sound shifted. So the lips that the project's landmark tracker sees are
first compared with the jaw that the network hears; only a clip that agrees, near no offset, may teach.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.heads.anatomy import LOWER_LIP_INNER, UPPER_LIP_INNER, eye_centres
from studio.core.media.audio import load_audio
from studio.core.media.video import read_frames
from studio.core.perception.mediapipe_models import MeshTracker
from studio.core.speech.features import HOP_SECONDS, MelStream, log_mel
from studio.core.speech.network import CHANNELS, DELAYS, NetworkStream

from . import shards
from .articulation import UNKNOWN

_REACH = 30  # hops of offset that are looked at, either way
_LARGEST_OFFSET, _LEAST_AGREEMENT = 0.06, 0.35  # s; correlation
_LEVEL = 0.1  # RMS of speech, as the network was trained
_JAW, _CLOSE = CHANNELS.index("jaw"), CHANNELS.index("close")
_SHUT = 0.08  # of the widest opening: lips nearer than that touch
_WIDEST_JAW = 0.85  # of the channel, as the most open vowel


@dataclass(frozen=True)
class Agreement:
    """How lips and sound of a clip go together: the best correlation and the offset, s, at which the lips are late."""

    r: float
    offset: float
    r_at_zero: float

    @property
    def good(self) -> bool:
        """Whether the clip may teach."""
        return self.r >= _LEAST_AGREEMENT and abs(self.offset) <= _LARGEST_OFFSET


def lip_gap(clip: Path) -> NDArray[np.float32]:
    """Return the opening of the lips in units of the distance between the eyes, at ``k * HOP_SECONDS`` ``[T]``.

    Raises
    ------
    UserError
        If hardly any frame shows a face.
    """
    tracker = MeshTracker()
    times, gaps, frames = [], [], 0
    try:
        for time, rgb in read_frames(clip):
            frames += 1
            points = tracker.track(rgb)
            if points is None:
                continue
            eyes = eye_centres(points[:, :2])
            apart = points[LOWER_LIP_INNER[3:8], :2] - points[UPPER_LIP_INNER[3:8], :2]
            down = np.array([eyes[0, 1] - eyes[1, 1], eyes[1, 0] - eyes[0, 0]])  # square to the line between the eyes
            times.append(time)
            gaps.append(float((apart @ down).mean() / (down @ down)))
    finally:
        tracker.close()
    if len(times) < max(0.8 * frames, 10):
        raise UserError(
            f"'{clip.name}' shows a face in {len(times)} of {frames} frames; take clips of one talking face."
        )
    moments = np.arange(int(times[-1] / HOP_SECONDS)) * HOP_SECONDS
    return np.interp(moments, times, gaps).astype(np.float32)


def heard(clip: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mel power ``[T, 64]`` of a clip's sound, and what the network makes of it ``[T, 8]``, without delay."""
    samples = load_audio(clip)
    loud = np.abs(samples) > 0.02 * np.abs(samples).max()
    power = MelStream().push((samples * (_LEVEL / np.sqrt(np.mean(samples[loud] ** 2)))).astype(np.float32))
    silence = np.zeros((DELAYS[-1], power.shape[1]), np.float32)
    answer = NetworkStream().push(log_mel(np.concatenate([power, silence])))
    return power, answer[DELAYS[-1] :, -1]


def agreement(gap: NDArray[np.floating], jaw: NDArray[np.floating]) -> Agreement:
    """Compare the opening of the lips ``[T]`` with the jaw that was heard ``[T']``, hop by hop, at all offsets."""
    count = min(len(gap), len(jaw))
    gap, jaw = gap[:count], jaw[:count]

    def r(late: int) -> float:
        lips, sound = (gap[late:], jaw[: count - late]) if late >= 0 else (gap[:late], jaw[-late:])
        return float(np.corrcoef(lips, sound)[0, 1])

    found = {late: r(late) for late in range(-_REACH, _REACH + 1)}
    best = max(found, key=lambda late: found[late])
    return Agreement(found[best], best * HOP_SECONDS, found[0])


def teach(power: NDArray[np.float32], answer: NDArray[np.float32], gap: NDArray[np.float32]) -> shards.Example:
    """Return an example whose jaw and closures are those of the lips that were seen.

    What lips do not show stays what the network answers itself: it is not asked to change there.
    """
    count = min(len(power), len(gap))
    channels = answer[:count].copy()
    shut, wide = np.percentile(gap, [2, 98])
    opening = np.clip((gap[:count] - shut) / (wide - shut + 1e-9), 0, 1)
    channels[:, _JAW] = opening * _WIDEST_JAW
    channels[:, _CLOSE] = np.clip((2 * _SHUT - opening) / _SHUT, 0, 1) * (channels[:, CHANNELS.index("speech")] > 0.5)
    return shards.example_of(power[:count], channels, np.full(count, UNKNOWN, np.uint8))


def survey(folder: Path, shard: Path | None) -> None:
    """Print of every clip in `folder` whether its lips agree with its sound; write those that do as one shard."""
    examples = []
    for clip in sorted(path for path in folder.iterdir() if path.suffix.lower() in {".mp4", ".mov", ".webm", ".mkv"}):
        try:
            gap = lip_gap(clip)
            power, answer = heard(clip)
        except UserError as error:
            print(f"{clip.name}: {error}")
            continue
        found = agreement(gap, answer[:, _JAW])
        verdict = "agrees" if found.good else "does not agree"
        late = f"{found.offset * 1e3:+.0f} ms late"
        print(f"{clip.name}: r {found.r:.2f} with lips {late}, {found.r_at_zero:.2f} as it is; {verdict}", flush=True)
        if found.good:
            examples.append(teach(power, answer, gap))
    if shard and examples:
        shards.write(shard, examples)
        print(f"{shard}: {len(examples)} clips")
