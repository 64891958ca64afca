"""Avatars driven for the bench: by a track that was saved and read back, or by speech; frames are bytes in memory."""

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, FrameBuffers, render_bytes
from studio.core.framing import square_camera
from studio.core.jobs import Job, Stopwatch
from studio.core.motion.motion import Motion
from studio.core.motion.track import Track
from studio.core.reenactment import draw
from studio.core.speech.recording import speech_motion
from studio.core.tracking.avatar_face import on_host
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


def spoken_motion(samples: NDArray[np.float32], fps: float, seed: int) -> Motion:
    """Return how a face speaks a recording ``[S]`` at 16 kHz, as the studio's own driver has it."""
    return speech_motion(samples, fps, seed)


def spoken(avatar: Avatar, motion: Motion, size: int) -> Job[NDArray[np.uint8]]:
    """Return the avatar ``[T,size,size,3]`` in its square framing at every frame of a motion."""
    watch, camera, buffers = Stopwatch(), square_camera(avatar, size), FrameBuffers()
    made = []
    for k, time in enumerate(motion.times):
        yield watch.progress(k / len(motion), "rendering")
        frame = motion.at(float(time))
        made.append(np.array(on_host(render_bytes(avatar, frame, camera, buffers=buffers))[..., :3]))
    return np.stack(made)
