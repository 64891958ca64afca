"""Encode in a thread of its own, so that the next frames are rendered meanwhile."""

from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

Picture: TypeAlias = NDArray[Any]
"""``[H,W,C]`` uint8, or float32 0..1."""


class PictureWriter(Protocol):
    """What takes pictures one by one: a file, or a folder."""

    def write(self, picture: Picture) -> None:
        """Append a picture."""
        ...

    def __enter__(self) -> Any: ...

    def __exit__(self, kind: type[BaseException] | None, *rest: Any) -> None: ...


class BackgroundWriter:
    """Feeds a writer of pictures from a thread; its pictures go round between the two.

    Use as a context manager: leaving the block well waits until the file is finished; leaving it by an
    exception (closing a job raises one) abandons what is queued. Either way the thread has ended and the file
    is closed afterwards. What the writer raises is raised by the next `borrow` or at the end of the block.

    Parameters
    ----------
    writer
        Not entered yet; it belongs to the thread from now on.
    memory
        The pictures ``[H,W,C]`` that go round; as many are in flight at most.
    """

    def __init__(self, writer: PictureWriter, memory: list[Picture]) -> None:
        self._writer = writer
        self._full: SimpleQueue[Picture | None] = SimpleQueue()
        self._free: SimpleQueue[Picture | None] = SimpleQueue()
        for picture in memory:
            self._free.put(picture)
        self._abandoned = Event()
        self._error: BaseException | None = None
        self._thread = Thread(target=self._encode, name="encoder", daemon=True)

    def borrow(self) -> Picture:
        """Return memory for the next picture, as soon as the encoder has done with one."""
        picture = self._free.get()
        if picture is None or self._error is not None:
            self._free.put(None)
            raise self._error or RuntimeError("the encoder has ended")
        return picture

    def write(self, picture: Picture) -> None:
        """Queue a borrowed picture; it is the encoder's from now on."""
        self._full.put(picture)

    def _encode(self) -> None:
        try:
            with self._writer as writer:
                while (picture := self._full.get()) is not None:
                    writer.write(picture)
                    self._free.put(picture)
                if self._abandoned.is_set():
                    raise _AbandonedError
        except BaseException as error:
            self._error = error
        finally:
            self._free.put(None)

    def __enter__(self) -> "BackgroundWriter":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._abandoned.set()
            with suppress(Empty):
                while True:
                    self._full.get_nowait()
        self._full.put(None)
        self._thread.join()
        if kind is None and self._error is not None:
            raise self._error


class _AbandonedError(Exception):
    """Tells the writer to finish nothing."""
