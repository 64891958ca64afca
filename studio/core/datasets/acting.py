"""What a lifted or rendered head does during a take, and where from it is looked at.

A *still* take holds one expression while the cameras stand about the head, torso and all: several views of one
moment. A *spoken* take follows a recording, and an *acted* one goes from one expression to another; in both the head
turns against the torso.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from studio.core.datasets.spoken import Spoken
from studio.core.gaussians.camera import Camera
from studio.core.heads.anatomy import EYE_MIDPOINT
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.motion.mixer import mix
from studio.core.motion.motion import Motion
from studio.core.speech.hidden import hidden_window

# Degrees about the head from the source's own view; how far a face is turned away at most.
_YAW, _PITCH, _FURTHEST = 45.0, 15.0, 60.0
_NOD, _LEAN = 7.0, 3.0  # standard deviations of pitch and roll
# Where the head turns by itself the cameras do so less.
_CAMERA_SHARE = 0.4
_TURNS = np.radians([6.0, 15.0, 4.0])  # standard deviations: nod, turn to the side, tilt
_MOST_TURNED = np.radians([14.0, 34.0, 10.0])
_MOVES = np.array([0.006, 0.003, 0.008])  # m
# Distances and focal lengths that differ from the standard crop's: standard deviations of the logarithm.
_DISTANCE, _ZOOM = 0.12, 0.03
# Of the side: how far the face is off the middle.
_SHIFT = 0.012
# The views of a spoken take lie within so many seconds.
_SPAN = 4.0
_NEUTRAL_SHARE = 0.4

Take = Literal["still", "spoken", "acted"]
_TAKES: dict[Take, float] = {"still": 0.45, "spoken": 0.4, "acted": 0.15}  # how often

# Channels that move together, and how far at most.
_EXPRESSIONS: tuple[dict[str, float], ...] = (
    {"mouthSmile": 1.0, "cheekSquint": 0.6, "eyeSquint": 0.3},
    {"mouthSmile": 0.8, "jawOpen": 0.5, "mouthUpperUp": 0.4, "cheekSquint": 0.5},
    {"mouthFrown": 0.9, "browDown": 0.5},
    {"browInnerUp": 0.9, "browOuterUp": 0.7, "eyeWide": 0.7, "jawOpen": 0.4},
    {"browDown": 0.9, "eyeSquint": 0.6, "noseSneer": 0.6, "mouthPress": 0.5},
    {"mouthPucker": 1.0},
    {"mouthFunnel": 1.0, "jawOpen": 0.3},
    {"jawOpen": 0.9},
    {"jawOpen": 0.5, "mouthStretch": 0.8, "mouthLowerDown": 0.6},
    {"mouthUpperUp": 0.8, "mouthLowerDown": 0.8, "jawOpen": 0.15},
    {"mouthRollLower": 0.9, "mouthRollUpper": 0.9},
    {"mouthShrugLower": 0.8, "mouthShrugUpper": 0.6},
    {"cheekPuff": 0.9},
    {"mouthDimple": 0.8},
    {"jawForward": 0.8},
    {"tongueOut": 0.9, "jawOpen": 0.5},
    {"eyeBlink": 1.0},
)
_ASIDE = ("mouth", "jaw")  # channels named Left and Right that move a whole aside
_SIDED = 0.25  # share of expressions that one side shows more


@dataclass(frozen=True, eq=False)
class Shot:
    """One view of a take.

    Attributes
    ----------
    frame
        How the face moves then; its `times` count from the beginning of the take.
    camera
        In the avatar's own space, where the head is at rest.
    audio
        ``[16,F]`` float32 hidden states about the moment, or None.
    """

    frame: Motion
    camera: Camera
    audio: NDArray[np.float32] | None = None


def chosen_take(rng: np.random.Generator, spoken: Sequence[Spoken]) -> tuple[Take, Spoken | None]:
    """Draw what happens in a take; nothing is spoken where there are no recordings."""
    kinds = list(_TAKES)
    kind = kinds[int(rng.choice(len(kinds), p=list(_TAKES.values())))]
    if kind == "spoken" and not spoken:
        kind = "acted"
    return kind, spoken[int(rng.integers(len(spoken)))] if kind == "spoken" else None


def shots(
    take: Take, source: Camera, pivot: NDArray, count: int, rng: np.random.Generator, spoken: Spoken | None = None
) -> list[Shot]:
    """Draw the views of a take; the first is the source's.

    Parameters
    ----------
    source
        The standard camera of the portrait.
    pivot
        ``[3]`` m: what cameras turn about.
    spoken
        What a spoken take says.
    """
    if take == "still":
        frame = Motion.neutral()
        if rng.random() > _NEUTRAL_SHARE:
            frame = _frame(0.0, expression(rng))
        return [Shot(frame, camera) for camera in orbits(source, pivot, count, rng)]
    cameras = orbits(source, pivot, count, rng, _CAMERA_SHARE)
    if take == "acted":
        mixes = [expression(rng) if k else 0.3 * expression(rng) for k in range(count)]
        frames = [_frame(k / 2, code) for k, code in enumerate(mixes)]
        return [Shot(_turned(frame, rng, k > 0), c) for k, (frame, c) in enumerate(zip(frames, cameras, strict=True))]
    assert spoken is not None
    return _spoken(spoken, cameras, rng)


def expression(rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a code ``[52]``: one or two expressions, a look, and perhaps a jaw moved aside."""
    code = np.zeros(len(ARKIT_NAMES), np.float32)
    for index in rng.choice(len(_EXPRESSIONS), int(rng.integers(1, 3)), replace=False):
        strength = rng.uniform(0.2, 1)
        less = rng.uniform(0, 1) if rng.random() < _SIDED else 1.0
        sides = rng.permutation([1.0, less])
        for name, most in _EXPRESSIONS[index].items():
            if name in ARKIT_INDEX:
                code[ARKIT_INDEX[name]] += most * strength
            else:
                for side, share in zip(("Left", "Right"), sides, strict=True):
                    code[ARKIT_INDEX[name + side]] += most * strength * share
    code += gaze(*rng.normal(0, [0.25, 0.15]))
    if rng.random() < 0.2:
        channel = f"{_ASIDE[rng.integers(2)]}{('Left', 'Right')[rng.integers(2)]}"
        code[ARKIT_INDEX[channel]] += rng.uniform(0, 0.7)
    return np.clip(code, 0, 1)


def gaze(left: float, up: float) -> NDArray[np.float32]:
    """Return the code ``[52]`` of eyes that look aside: parts of the furthest, to the head's left and up."""
    code = np.zeros(len(ARKIT_NAMES), np.float32)
    sideways = ("eyeLookOutLeft", "eyeLookInRight") if left > 0 else ("eyeLookInLeft", "eyeLookOutRight")
    upright = ("eyeLookUpLeft", "eyeLookUpRight") if up > 0 else ("eyeLookDownLeft", "eyeLookDownRight")
    for names, size in ((sideways, abs(left)), (upright, abs(up))):
        for name in names:
            code[ARKIT_INDEX[name]] = min(size, 1.0)
    return code


def _spoken(spoken: Spoken, cameras: list[Camera], rng: np.random.Generator) -> list[Shot]:
    """Return moments of a recording; the one with the stillest mouth is the source's."""
    begin = rng.uniform(0, max(spoken.seconds - _SPAN, 0))
    times = np.sort(rng.uniform(begin, min(begin + _SPAN, spoken.seconds), len(cameras)))
    moments = [spoken.motion.at(time) for time in times]
    stillest = int(np.argmin([moment.code[0, ARKIT_INDEX["jawOpen"]] for moment in moments]))
    order = [stillest, *(k for k in range(len(times)) if k != stillest)]
    mood = rng.uniform(0, 0.35) * expression(rng) * (1 - _speaks())
    made = []
    for camera, k in zip(cameras, order, strict=True):
        frame = replace(moments[k], code=np.clip(moments[k].code + mood, 0, 1))
        window = hidden_window(spoken.states.astype(np.float32), float(times[k]))
        frame = replace(_turned(frame, rng, k != stillest), times=np.array([times[k] - begin]))
        made.append(Shot(frame, camera, window))
    return made


def _speaks() -> NDArray[np.float32]:
    """Return 1 for the channels that speech moves and a mood must leave alone ``[52]``."""
    return np.array([name.startswith(("jaw", "mouth", "tongue")) for name in ARKIT_NAMES], np.float32)


def _turned(frame: Motion, rng: np.random.Generator, turns: bool) -> Motion:
    """Turn the head against the torso; the source's hardly does."""
    angles = np.clip(rng.normal(0, _TURNS), -_MOST_TURNED, _MOST_TURNED)
    moves = np.clip(rng.normal(0, _MOVES), -2 * _MOVES, 2 * _MOVES)
    pose = np.concatenate([angles, moves]) * (1.0 if turns else 0.1)
    return mix(Motion.from_frames("arkit", frame.times, np.zeros_like(frame.code), pose[None]), frame)


def _frame(time: float, code: NDArray[np.float32]) -> Motion:
    return Motion.from_frames("arkit", np.array([time]), code[None])


def head_yaw(camera: Camera) -> float:
    """Return by how many degrees a head at rest is turned away from a camera, positive as `Camera.orbited`."""
    x, _, z = camera.position - EYE_MIDPOINT
    return float(np.degrees(np.arctan2(x, z)))


def jittered(camera: Camera, pivot: NDArray, rng: np.random.Generator) -> Camera:
    """Stand a little nearer or further, and hold the camera less than perfectly; the head stays about as large."""
    factor = float(np.exp(np.clip(rng.normal(0, _DISTANCE), -2 * _DISTANCE, 2 * _DISTANCE)))
    zoom = factor * float(np.exp(rng.normal(0, _ZOOM)))
    shift = rng.normal(0, _SHIFT, 2) * camera.width
    return camera.dollied(pivot, factor).zoomed(zoom).panned(*shift)


def orbits(camera: Camera, pivot: NDArray, count: int, rng: np.random.Generator, share: float = 1.0) -> list[Camera]:
    """Return cameras about a head: the source's own first, then at random, `share` of the way there may be."""
    own = head_yaw(camera)
    low, high = max(-_YAW, -_FURTHEST - own), min(_YAW, _FURTHEST - own)
    cameras = [jittered(camera, pivot, rng)]
    for _ in range(count - 1):
        yaw = share * (rng.uniform(low, high) if low < high else 0.0)
        pitch, roll = share * np.clip(rng.normal(0, [_NOD, _LEAN]), -_PITCH, _PITCH)
        turned = camera.orbited(pivot, *np.radians([yaw, pitch, roll]))
        cameras.append(jittered(turned, pivot, rng))
    return cameras
