"""A clip, or some pictures, of a person in; that person's avatar, better, out: the job of window and command line."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from studio.core.avatar import Avatar, Speaking
from studio.core.engines.base import Learning
from studio.core.engines.registry import load_engine
from studio.core.errors import UserError
from studio.core.footage import footage_of
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.audio import read_audio_blocks, survey
from studio.core.media.video import clip_footing
from studio.core.motion.track import Track
from studio.core.speech.features import SAMPLE_RATE
from studio.core.speech.style import SpeakingStyle
from studio.core.tracking.avatar_face import look_at
from studio.core.tracking.face_model import FaceModel
from studio.core.tracking.speaking import LONGEST, learn_style

MINUTES = 8.0
"""How long learning takes at most where nobody says."""
_LOOKED, _LEARNT = 0.28, 0.97  # shares of the whole


class OtherPersonError(UserError):
    """The face in the footage is not the avatar's, as far as landmarks tell; somebody must say that it is."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The face there does not seem to be that of '{name}'; if it is the same person, say so with "
            "--same-person, or confirm it in the window."
        )


@dataclass(frozen=True, eq=False)
class Personalized:
    """What learning gave.

    Attributes
    ----------
    avatar
        The better one; the one given where nothing got better and its way of speaking was not learnt either.
    before, now
        dB, how near both come to the frames held back.
    notes
        Sentences for the user.
    """

    avatar: Avatar
    before: float
    now: float
    seconds: float
    notes: tuple[str, ...]


def personalize_avatar(
    avatar: Avatar,
    sources: Sequence[str | PathLike[str]],
    minutes: float = MINUTES,
    same_person: bool = False,
    kept_in: Path | None = None,
    until: float = np.inf,
    face: int = 1,
) -> Job[Personalized]:
    """Learn a clip, or several pictures, of an avatar's person.

    Parameters
    ----------
    minutes
        How long learning takes at most, tracking not counted.
    same_person
        Whether somebody said that the footage shows the avatar's person, however it looks.
    kept_in
        A file that remembers what was reached, from which the same job goes on after a stop; it is removed at the end.
    until
        s: what comes later in the clip is not learnt.
    face
        Which of several faces is learnt, counted by size.

    Yields
    ------
    Progress
        Previews are `Learning`.

    Raises
    ------
    UserError
        If the clip or pictures cannot be used, or the avatar's engine cannot learn; `OtherPersonError` asks whether
        it is the same person.
    """
    watch = Stopwatch()
    footage, notes = yield from share(footage_of([Path(source) for source in sources], until, face), watch, 0, _LOOKED)
    if not same_person and look_at(avatar, FaceModel.of(footage.track.rest)).rest_code is None:
        raise OtherPersonError(avatar.name)
    job = load_engine(avatar.engine).adapt(avatar, footage, minutes, kept_in=kept_in)
    newest: Learning | None = None
    try:
        while True:
            report = next(job)
            newest = report.preview if isinstance(report.preview, Learning) else newest
            done = _LOOKED + (_LEARNT - _LOOKED) * report.fraction
            yield watch.progress(done, report.message, report.preview)
    except StopIteration as stop:
        better = stop.value
    finally:
        job.close()
    if kept_in is not None:
        kept_in.unlink(missing_ok=True)
    before, now = (newest.before, newest.now) if newest else (float("nan"), float("nan"))
    if better is avatar:
        notes = (*notes, "Nothing that was learnt came nearer to the frames held back; the avatar looks as it did.")
    clip = Path(sources[0])
    if footage.one_place and isinstance(better, Speaking) and clip_footing(clip).sound:
        try:
            style = yield from share(_style_in(clip, footage.track, until), watch, _LEARNT, 1.0)
            better, notes = (
                better.with_speaking_style(style),
                (*notes, f"The way of speaking was learnt: {style.in_words()}."),
            )
        except UserError as error:  # looks are enough
            notes = (*notes, str(error))
    return Personalized(better, before, now, watch.elapsed, notes)


def _style_in(clip: Path, track: Track, until: float) -> Job[SpeakingStyle]:
    """Learn how the person of a clip speaks from what is heard of it until a second."""
    recording = yield from survey(clip)
    last, blocks, count = int(min(until, LONGEST) * SAMPLE_RATE), [], 0
    with closing(read_audio_blocks(recording, SAMPLE_RATE)) as read:
        for block in read:
            blocks.append(block)
            count += len(block)
            if count >= last:
                break
    return (yield from learn_style(np.concatenate(blocks)[:last], track))
