"""A camera that goes once round the head, or as far round it as the portrait can be believed."""

from dataclasses import replace

import numpy as np

from studio.core.orbit import MAX_YAW, Orbit
from studio.core.project.timeline import CameraKey

_KEYS = 16  # of a turn: between them the view moves by a cubic


def turntable(view: Orbit, begin: float, seconds: float, whole: bool = False) -> tuple[CameraKey, ...]:
    """Return the camera keys of one turn from second `begin` on, which ends where it began.

    Parameters
    ----------
    view
        Everything but its yaw is kept.
    whole
        Go all the way round, at an even speed, also where nobody knows how the head looks; else from side to side
        within the limits of the sliders, gently at the ends.

    Raises
    ------
    ValueError
        If `seconds` is not above 0.
    """
    if seconds <= 0:
        raise ValueError(f"a turn of {seconds} s")
    shares = np.linspace(0, 1, _KEYS + 1)
    yaws = 360 * shares if whole else MAX_YAW * np.sin(2 * np.pi * shares)
    return tuple(
        CameraKey(begin + seconds * float(share), replace(view, yaw=float(yaw)))
        for share, yaw in zip(shares, yaws, strict=True)
    )
