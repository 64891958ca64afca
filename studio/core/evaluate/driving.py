"""Avatars driven for the bench: by a track that was saved and read back, or by speech; frames are bytes in memory."""

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar
from studio.core.jobs import Job, Stopwatch
from studio.core.motion.track import Track
from studio.core.reenactment import draw
from studio.core.tracking.retarget import Framing, Retarget


def reenacted(
    avatar: Avatar, track: Track, times: NDArray, framing: Framing = "video", size: int = 512
) -> Job[NDArray[np.uint8]]:
    """Return the avatar ``[T,H,W,3]`` as a track drives it at `times` s; see `Retarget` for framing and size.

    Raises
    ------
    UserError
        If the avatar's face cannot be found.
    """
    watch = Stopwatch()
    yield watch.progress(0.0, "looking at the avatar")
    retarget = Retarget(avatar, track, framing, size)
    camera = retarget.camera

    def memory() -> NDArray[np.uint8]:
        return np.empty((camera.height, camera.width, 4), np.uint8)

    made = []
    for picture in draw(avatar, retarget.shots(times), "plate", memory):
        made.append(picture[..., :3])
        yield watch.progress(len(made) / len(times), "rendering")
    return np.stack(made)
