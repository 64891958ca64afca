"""`TakeRecorder`: live motion and its sound written down as they come, however long it goes on."""

import errno
import math
import secrets
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.media.sound_recording import SoundRecording
from studio.core.motion.motion import Motion
from studio.core.project.claim import lock_file

_FULL = (errno.ENOSPC, errno.EDQUOT)
_ROW = np.dtype([("time", "<f8"), ("code", "<f4", (len(ARKIT_NAMES),)), ("pose", "<f4", (6,)), ("confidence", "<f4")])


@dataclass(frozen=True)
class RecordedTake:
    """What a recorder wrote.

    Attributes
    ----------
    motion
        File of the frames, for `read_recorded_motion`.
    frames
        How many there are.
    sound
        The WAV, or None where nothing was heard.
    seconds
        s of the take, pauses left out.
    complaint
        Why it ended before it was stopped, as a sentence; "" where it did not.
    """

    motion: Path
    frames: int
    sound: Path | None
    seconds: float
    complaint: str


class TakeRecorder:
    """Writes a take into two files of a folder, in constant memory. One thread uses it.

    Frames and sound carry seconds of the same clock: that of the microphone's stream where there is one. What lies in
    a pause by that clock is left out of both, so they stay together.

    Parameters
    ----------
    rate
        Hz of the sound, or 0 where there is none: then frames alone say what is recorded.
    start
        Second of the timeline from which on the take is recorded; for `cut_off`.

    Attributes
    ----------
    paused
        May be set at any time.
    complaint
        As of `RecordedTake`; where it is not "" the take is over.

    Raises
    ------
    UserError
        If nothing can be written to the folder.
    """

    def __init__(self, folder: Path, rate: int, start: float = 0.0) -> None:
        self.paused = False
        self.complaint = ""
        self._rate = rate
        self._frames = 0
        self._newest = -math.inf
        # Stretches that are recorded: from and to which second of the clock, and their first second of the take.
        self._stretches: list[tuple[float, float, float]] = []
        self._seconds = 0.0
        self._stem = folder / f"take {secrets.token_hex(4)} from {round(1000 * start)}"
        self._sound: SoundRecording | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self._stem.with_suffix(".motion").open("xb", buffering=0)
            lock_file(self._file.fileno())
        except OSError as error:
            raise UserError(
                f"Takes cannot be written to '{folder}'; free some space or choose another folder."
            ) from error

    @property
    def seconds(self) -> float:
        """Recorded so far, s."""
        return self._seconds

    def hear(self, samples: NDArray[np.float32], second: float) -> None:
        """Write sound ``[S]`` whose first sample lies at a second of the clock."""
        if self.complaint:
            return
        if self.paused:
            self._close_stretch(second)
            return
        if len(samples) == 0:
            return
        self._open_stretch(second)
        try:
            if self._sound is None:
                self._sound = SoundRecording(self._stem.with_suffix(".wav"), self._rate)
            self._sound.write(samples)
        except (OSError, UserError) as error:
            self._complain(error)
        self._extend(self._sound.seconds if self._sound is not None else 0.0)

    def see(self, frame: Motion, second: float) -> None:
        """Write a frame (T=1) that belongs to a second of the clock."""
        if self.complaint:
            return
        if not self._rate:
            if self.paused:
                self._close_stretch(second)
                return
            self._open_stretch(second)
            begin, _, taken = self._stretches[-1]
            self._extend(taken + second - begin)
        time = self._time_of(second)
        if time is None or time <= self._newest:
            return
        self._newest = time
        row = np.zeros((), _ROW)
        row["time"], row["code"], row["pose"] = time, frame.code[0], frame.head_pose[0]
        row["confidence"] = frame.confidence[0]
        try:
            data = row.tobytes()
            if self._file.write(data) < len(data):
                self._file.write(data)  # raises what a full disk raises
            self._frames += 1
        except OSError as error:
            self._complain(error)

    def finish(self) -> RecordedTake:
        """Close the files."""
        for file in (self._sound, self._file):
            try:
                if file is not None:
                    file.close()
            except OSError as error:
                self._complain(error)
        sound = self._sound.path if self._sound is not None and self._sound.samples else None
        seconds = self._sound.seconds if self._sound is not None and sound else self._seconds
        return RecordedTake(Path(self._file.name), self._frames, sound, seconds, self.complaint)

    def _open_stretch(self, second: float) -> None:
        if not self._stretches or self._stretches[-1][1] < math.inf:
            self._stretches.append((second, math.inf, self._seconds))

    def _close_stretch(self, second: float) -> None:
        if self._stretches and self._stretches[-1][1] == math.inf:
            begin, _, taken = self._stretches[-1]
            self._stretches[-1] = (begin, second, taken)

    def _extend(self, seconds: float) -> None:
        self._seconds = max(self._seconds, seconds)

    def _time_of(self, second: float) -> float | None:
        for begin, end, taken in reversed(self._stretches):
            if begin <= second < end:
                return taken + second - begin
        return None

    def _complain(self, error: Exception) -> None:
        if self.complaint:
            return
        if isinstance(error, OSError) and error.errno in _FULL:
            said = "The disk is full, so the recording stopped; what was recorded is kept. Free some space to go on."
        elif isinstance(error, UserError):
            said = str(error)
        else:
            said = f"The recording stopped ({error}); what was recorded is kept. Check the disk."
        self.complaint = said


def cut_off(folder: Path) -> list[tuple[RecordedTake, float]]:
    """Return the takes of a folder whose program ended while it recorded them, and from which second of the timeline.

    Those that nobody took over are among them, those that are being recorded now are not. What holds no frame is
    removed.
    """
    found = []
    for path in sorted(folder.glob("take * from *.motion"), key=lambda path: path.stat().st_mtime):
        start = path.stem.rpartition(" ")[2]
        with path.open("r+b") as file:
            if not start.isdecimal() or not lock_file(file.fileno()):
                continue
        frames, sound = path.stat().st_size // _ROW.itemsize, path.with_suffix(".wav")
        heard = _seconds(sound)
        if frames == 0:
            path.unlink()
            continue
        last = np.fromfile(path, _ROW, count=1, offset=(frames - 1) * _ROW.itemsize)["time"][0]
        take = RecordedTake(path, frames, sound if heard else None, heard or float(last), "")
        found.append((take, int(start) / 1000))
    return found


def _seconds(sound: Path) -> float:
    """Return how long a WAV is by its own header, 0 where there is none."""
    try:
        with wave.open(str(sound)) as file:
            return file.getnframes() / file.getframerate()
    except (OSError, EOFError, wave.Error):
        return 0.0


def read_recorded_motion(path: Path) -> Motion:
    """Read the frames of a recorder's file, whole ones only; at least one must be there.

    Raises
    ------
    UserError
        If there is none, or one is not finite.
    """
    rows = np.fromfile(path, _ROW, count=path.stat().st_size // _ROW.itemsize)
    numbers = (rows["time"], rows["code"], rows["pose"], rows["confidence"])
    if len(rows) == 0 or not all(np.isfinite(values).all() for values in numbers):
        raise UserError("The recording holds no motion; record it again.")
    times, code, pose, confidence = numbers
    return Motion("arkit", times.astype(np.float64), code.copy(), pose.copy(), confidence.copy())
