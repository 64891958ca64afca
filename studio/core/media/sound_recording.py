"""Sound that is written while it is made: a WAV whose header is true again every second, so that a crash keeps it."""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError

_HEADER = 44  # bytes
_MOST = (1 << 32) - 1 - _HEADER  # what its 32 bits can count


class SoundRecording:
    """Writes mono sound of unknown length as 16-bit WAV.

    Attributes
    ----------
    samples
        Written so far.

    Raises
    ------
    OSError
        By making it or by `write`, if the file cannot be written; what was written stays.
    """

    def __init__(self, path: Path, rate: int) -> None:
        self.path = path
        self.samples = 0
        self._rate = rate
        self._noted = 0
        # Unbuffered: what was written is the system's, and a full disk is known at once.
        self._file = path.open("xb", buffering=0)
        self._file.write(self._header())

    @property
    def seconds(self) -> float:
        """Written so far, s."""
        return self.samples / self._rate

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append samples ``[S]`` −1..1.

        Raises
        ------
        UserError
            If the file would be longer than a WAV can be (at 16 kHz a day and a half).
        """
        if 2 * (self.samples + len(samples)) > _MOST:
            raise UserError("A recording cannot be longer than 4 GB; start another one.")
        data = np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
        written = self._file.write(data)
        self.samples += written // 2
        if written < len(data):  # the disk is full: say so by its own error
            self._file.write(data[written:])
        if self.samples - self._noted >= self._rate:
            self._note()

    def close(self) -> None:
        """Finish the file; it stays what it is where even that cannot be written."""
        try:
            self._note()
        finally:
            self._file.close()

    def _note(self) -> None:
        self._noted = self.samples
        self._file.seek(0)
        self._file.write(self._header())
        self._file.seek(_HEADER + 2 * self.samples)

    def _header(self) -> bytes:
        size, rate = 2 * self.samples, self._rate
        form = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
        return form + struct.pack("<4sI", b"data", size)
