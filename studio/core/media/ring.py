"""`RingBuffer`: sound from one thread to another without a lock."""

import numpy as np
from numpy.typing import NDArray


class RingBuffer:
    """A fixed block of sound between one writer thread and one reader thread, without a lock.

    Each side moves only its own counter, and only after the samples are copied.
    """

    def __init__(self, length: int, channels: int) -> None:
        self._samples = np.zeros((length, channels), np.float32)
        self._written = 0
        self._read = 0

    def put(self, block: NDArray[np.float32]) -> bool:
        """Copy a block ``[S,C]`` in; return False, and drop it, where it does not fit."""
        length = len(self._samples)
        if len(block) > length - (self._written - self._read):
            return False
        start = self._written % length
        head = min(len(block), length - start)
        self._samples[start : start + head] = block[:head]
        self._samples[: len(block) - head] = block[head:]
        self._written += len(block)
        return True

    def take(self, most: int | None = None) -> NDArray[np.float32]:
        """Return a copy ``[S,C]`` of everything put in since the last take, or of the first `most` samples of it."""
        length, there = len(self._samples), self._written - self._read
        start, count = self._read % length, there if most is None else min(there, most)
        head = min(count, length - start)
        block = np.concatenate([self._samples[start : start + head], self._samples[: count - head]])
        self._read += count
        return block
