"""Avatars driven for the bench: by a track that was saved and read back, or by speech; frames are bytes in memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, FrameBuffers, follows_sound, render_bytes
from studio.core.errors import UserError
from studio.core.framing import square_camera
from studio.core.jobs import Job, Stopwatch
from studio.core.media.audio import load_audio
from studio.core.media.video import clip_footing
from studio.core.motion.motion import Motion
from studio.core.motion.track import Track
from studio.core.speech.features import SAMPLE_RATE
from studio.core.speech.hidden import hidden_states
from studio.core.speech.recording import speech_motion
from studio.core.tracking.avatar_face import on_host
from studio.core.tracking.retarget import Framing, Retarget, Shot, with_sound


def driven_shots(
    avatar: Avatar,
    track: Track,
    times: NDArray,
    framing: Framing = "video",
    size: int = 512,
    sound: NDArray[np.float32] | None = None,
) -> Iterator[Shot]:
    """Yield how a track moves an avatar at `times` s, and from where it is seen; see `Retarget` for framing and size.

    Parameters
    ----------
    sound
        ``[S]`` at 16 kHz: the clip's, for avatars that follow what is heard.

    Raises
    ------
    UserError
        If the avatar's face cannot be found.
    """
    shots = Retarget(avatar, track, framing, size).shots(times)
    yield from with_sound(shots, hidden_states(sound)) if sound is not None and follows_sound(avatar) else shots


def reenacted(
    avatar: Avatar,
    track: Track,
    times: NDArray,
    framing: Framing = "video",
    size: int = 512,
    sound: NDArray[np.float32] | None = None,
) -> Job[NDArray[np.uint8]]:
    """Return the avatar ``[T,H,W,3]`` as a track drives it; see `driven_shots`."""
    watch, made, buffers = Stopwatch(), [], FrameBuffers()
    yield watch.progress(0.0, "looking at the avatar")
    for shot in driven_shots(avatar, track, times, framing, size, sound):
        picture = render_bytes(avatar, shot.motion, shot.camera, buffers=buffers)
        made.append(np.array(on_host(picture)[..., :3]))
        yield watch.progress(len(made) / len(times), "rendering")
    return np.stack(made)


def clip_sound(avatar: Avatar, clip: Path) -> NDArray[np.float32] | None:
    """Return a clip's sound ``[S]`` at 16 kHz where an avatar follows what is heard; else, or silent, None."""
    if not follows_sound(avatar) or not clip_footing(clip).sound:
        return None
    try:
        return load_audio(clip, SAMPLE_RATE)
    except UserError:  # a sound track of silence, as `reenactment` takes it
        return None


def spoken_motion(samples: NDArray[np.float32], fps: float, seed: int) -> Motion:
    """Return how a face speaks a recording ``[S]`` at 16 kHz, as the studio's own driver has it.

    It moves any avatar: it has the code, and what was heard.
    """
    return speech_motion(samples, fps, seed, heard=True)


def spoken(avatar: Avatar, motion: Motion, size: int) -> Job[NDArray[np.uint8]]:
    """Return the avatar ``[T,size,size,3]`` in its square framing at every frame of a motion."""
    watch, camera, buffers = Stopwatch(), square_camera(avatar, size), FrameBuffers()
    made = []
    for k, time in enumerate(motion.times):
        yield watch.progress(k / len(motion), "rendering")
        frame = motion.at(float(time))
        made.append(np.array(on_host(render_bytes(avatar, frame, camera, buffers=buffers))[..., :3]))
    return np.stack(made)
