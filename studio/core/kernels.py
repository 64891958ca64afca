"""Compile every kernel before it is needed, in a process of its own: ``python -m studio.core.kernels``.

Numba holds the interpreter while it compiles, a window with it. What the process compiles lies in the cache, from which
it is loaded in no time. It does what a first user does: builds the sample and writes a clip of it, for a kernel is
compiled for the arrays that it is called with.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, Queue

from studio.core.errors import UserError
from studio.core.jobs import Job, Progress, Stopwatch, share

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "studio.core.kernels")
RENDERER = "the renderer"
_RENDERER_TAKES = 0.45  # of the whole
_PATIENCE = 5.0  # s for the process to end
_NICENESS = 5  # a window, and whatever else people do meanwhile, goes first


def compile_here() -> Job[None]:
    """Compile every kernel in this process, and keep in mind that this was done.

    Raises
    ------
    UserError
        If the sample is missing.
    OSError
        If the cache cannot be written.
    """
    watch = Stopwatch()
    yield watch.progress(0.0, RENDERER)
    from studio.core.build import build_avatar
    from studio.core.export_clip import ClipOptions, speak_clip
    from studio.core.render.kernel_cache import mark_complete
    from studio.core.render.rasterize import warm_up
    from studio.core.sample import CONSENT, sample_portrait, sample_speech

    warm_up()
    yield watch.progress(_RENDERER_TAKES, "the build")
    avatar = yield from share(build_avatar(sample_portrait(), consent=CONSENT), watch, _RENDERER_TAKES, 0.95)
    with tempfile.TemporaryDirectory() as folder:
        options = ClipOptions(width=128, height=128, end=0.2)
        yield from share(speak_clip(avatar, sample_speech(), Path(folder, "clip.mp4"), options), watch, 0.95, 1.0)
    mark_complete()


def compile_elsewhere(renderer_ready: Callable[[], None], command: Sequence[str] = COMMAND) -> Job[None]:
    """Compile every kernel in another process, unless that was done; closing the job ends it.

    Parameters
    ----------
    renderer_ready
        Called on the job's thread when the kernels that drawing needs are there.
    command
        What compiles: it prints `Progress` as JSON, line by line.

    Raises
    ------
    UserError
        If the process fails; whoever needs a kernel then compiles it.
    """
    yield Progress(0.0, "preparing the renderer")
    from studio.core.render.kernel_cache import is_complete

    if is_complete():
        renderer_ready()
        return
    said: Queue[str | None] = Queue()
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True)

        def listen() -> None:
            assert process.stdout is not None
            with process.stdout:
                for line in process.stdout:
                    said.put(line)
            said.put(None)

        listener = threading.Thread(target=listen, name="kernels", daemon=True)
        listener.start()
        told = Progress(0.0, RENDERER)
        try:
            while (line := _next(said)) is not None:
                if line:
                    told = Progress(**json.loads(line))
                    if told.message != RENDERER:
                        renderer_ready()
                yield Progress(told.fraction, f"compiling for this computer: {told.message}", told.eta)
            failed = process.wait(_PATIENCE)
        finally:
            process.kill()  # a compiler that is stopped leaves nothing half written
            process.wait()
            listener.join()
        if failed:
            complaints.seek(0)
            log.error(
                "compiling beforehand failed (%d): %s", failed, complaints.read().decode(errors="replace")[-2000:]
            )
            raise UserError(
                "Compiling beforehand failed, so it is done while you work and the window may stand still for moments; "
                "see Help > Log for the reason."
            )


def _next(said: "Queue[str | None]") -> str | None:
    """Return the next line, "" where there is none for a while, None after the last one."""
    try:
        return said.get(timeout=0.2)
    except Empty:
        return ""


def main() -> None:
    """Compile here and print how far that is."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    for told in compile_here():
        line = {"fraction": told.fraction, "message": told.message, "eta": told.eta}
        print(json.dumps(line), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
