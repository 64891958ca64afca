"""Adding motions of one head: speech moves the mouth, idle life the eyes and the head."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.motion.layers import LAYERS, Layer
from studio.core.motion.motion import Motion


def blend(
    layers: Mapping[Layer, Motion], off: Collection[Layer] = (), gains: NDArray[np.float32] | None = None
) -> Motion:
    """Return the sum of the ARKit layers (T=1) that are not off.

    Parameters
    ----------
    gains
        ``[52]``: by what every channel of the layers is multiplied, but for the user's own, which says what it means.
    """
    driven = [layers[name] for name in LAYERS if name in layers and name not in off and name != "user"]
    user = layers.get("user") if "user" not in off else None
    if not driven:
        return user or Motion.neutral()
    frame = mix(*driven)
    if gains is not None:
        frame = replace(frame, code=np.clip(frame.code * gains, 0, 1))
    return frame if user is None else mix(user, frame)


def mix(*frames: Motion) -> Motion:
    """Return the sum of ARKit motions of equal length, on the first one's clock.

    Codes are added and clipped to 0..1. Head poses compose as rigid transforms, the first outermost:
    with ``x -> R1 x + t1`` and ``x -> R2 x + t2`` the head moves by ``x -> R1 (R2 x + t2) + t1``.
    Confidence is the lowest of all; what was heard is what the first that heard anything says.

    Raises
    ------
    ValueError
        If there is nothing to mix, or spaces or lengths differ.
    """
    if not frames:
        raise ValueError("nothing to mix")
    first, *rest = frames
    code, pose, confidence = first.code, first.head_pose, first.confidence
    for frame in rest:
        if frame.space != "arkit" or first.space != "arkit":
            raise ValueError(f"cannot add motions of spaces {first.space} and {frame.space}")
        if len(frame) != len(first):
            raise ValueError(f"cannot add motions of {len(first)} and {len(frame)} frames")
        code = code + frame.code
        outer = Rotation.from_rotvec(pose[:, :3])
        inner = Rotation.from_rotvec(frame.head_pose[:, :3])
        turn = (outer * inner).as_rotvec()
        shift = outer.apply(frame.head_pose[:, 3:]) + pose[:, 3:]
        pose = np.concatenate([turn, shift], axis=1)
        confidence = np.minimum(confidence, frame.confidence)
    if first.space == "arkit":
        code = np.clip(code, 0, 1)
    heard = next((frame.heard for frame in frames if frame.heard is not None), None)
    return Motion(first.space, first.times, code.astype(np.float32), pose.astype(np.float32), confidence, heard)
