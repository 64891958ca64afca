"""`Driver`: one way to move a head, live or offline by the same class."""

from typing import Any, Literal, Protocol, runtime_checkable

from numpy.typing import NDArray

from studio.core.motion.motion import Motion


@runtime_checkable
class Driver(Protocol):
    """Turns a stream into motion.

    Time is seconds of source consumed since `reset`. Live use interleaves `push` and `read`; offline use
    pushes everything, then reads. Both give the same motion: a frame once final is never changed.
    """

    source: Literal["speech", "video", "vmc"]
    space: str
    look_ahead: float
    """Seconds of source needed past ``t`` before ``read(t)`` is final."""

    def push(self, chunk: NDArray[Any]) -> None:
        """Append source material: mono float32 samples at 16 kHz for speech, one uint8 RGB frame for video."""
        ...

    def read(self, time: float) -> Motion:
        """Return the frame (T=1) at `time` s; past what is known, the newest frame is held."""
        ...

    def reset(self) -> None:
        """Forget everything pushed and start again at time zero."""
        ...
