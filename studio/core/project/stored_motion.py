"""Stored motions as bytes: safetensors, distrusted when read."""

import struct

import numpy as np
import safetensors
import safetensors.numpy

from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.motion.motion import Motion

MAX_FRAMES = 1_000_000
MAX_BYTES = 64 + 4096 + MAX_FRAMES * (8 + 4 * (len(ARKIT_NAMES) + 6 + 1))
_MAX_HEADER = 4096
_COLUMNS = {"times": (), "code": (len(ARKIT_NAMES),), "head_pose": (6,), "confidence": ()}
_LARGEST = 1e6


def motion_bytes(motion: Motion) -> bytes:
    """Return a motion of space "arkit" as a safetensors file."""
    arrays = {name: np.ascontiguousarray(getattr(motion, name)) for name in _COLUMNS}
    return safetensors.numpy.save(arrays)


def motion_from(data: bytes) -> Motion:
    """Return the motion that `motion_bytes` told of, bit for bit.

    Raises
    ------
    ValueError
        If it is no such file, or holds what is no motion.
    """
    if len(data) > MAX_BYTES or len(data) < 8 or struct.unpack("<Q", data[:8])[0] > _MAX_HEADER:
        raise ValueError("not a stored motion")
    try:
        arrays = safetensors.numpy.load(data)
    except (safetensors.SafetensorError, KeyError) as error:
        raise ValueError("not a stored motion") from error
    if arrays.keys() != _COLUMNS.keys():
        raise ValueError("other arrays")
    count = len(arrays["times"]) if arrays["times"].ndim == 1 else 0
    for name, columns in _COLUMNS.items():
        array = arrays[name]
        kind = np.float64 if name == "times" else np.float32
        if not 0 < count <= MAX_FRAMES or array.shape != (count, *columns) or array.dtype != kind:
            raise ValueError(f"{name} has another shape or type")
        if not np.isfinite(array).all() or np.abs(array).max() > _LARGEST:
            raise ValueError(f"{name} holds values that are out of range")
    if (np.diff(arrays["times"]) < 0).any():
        raise ValueError("times go back")
    return Motion("arkit", **arrays)
