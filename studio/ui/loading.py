"""`loading`: libraries come without the collector of unused objects holding up the window."""

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_under_way = 0


@contextmanager
def loading() -> Iterator[None]:
    """Load libraries in the block, on any thread.

    Whatever is loaded stays. The collector would look at all of it again and again, and with numba, mediapipe and
    what they bring along that takes 60 to 130 ms, in which no thread runs. So it waits until the block is over, and
    from then on leaves what is there alone (`gc.freeze`).
    """
    global _under_way
    before = len(sys.modules)
    with _lock:
        _under_way += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _under_way -= 1
            # Where nothing came, what is there may be garbage, of a window that was closed for one.
            if len(sys.modules) > before:
                gc.freeze()
            if not _under_way:
                gc.enable()
