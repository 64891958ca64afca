"""How long the window keeps its user waiting: the longest stall of its event loop during everything people do.

    python benchmarks/stalls.py [--stacks]

The story of the tests (`tests/story.py`) in the real window, without a display, with the real engine. Once all is
loaded, a portrait is dropped and built, a microphone drives the head and is recorded, a sound is opened, the timeline
is scrubbed, a clip and splats are exported. A watchdog counts every time in which no event was handled for 50 ms;
`--stacks` prints what all the threads were doing then.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from studio import __version__

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # story.py and its fakes


def main() -> None:
    """Tell the story and print, part by part, its stalls in ms and how much of each the window itself was busy."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--stacks", action="store_true", help="print what all the threads do at a stall")
    stacks = sys.stderr if parser.parse_args().stacks else None
    folder = Path(tempfile.mkdtemp(prefix="stalls-"))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        os.environ[name] = str(folder / name)
    from machine import machine_line
    from story import Story, live, until

    story = Story(folder, "lift", stacks)
    window, director = story.window, story.director
    found: dict[str, list[str]] = {}

    def part(name: str) -> None:
        stalls = story.watchdog.stalls
        found[name] = [f"{1000 * stall.seconds:.0f} ({1000 * stall.busy:.0f} busy)" for stall in stalls]
        story.watchdog.stalls = []
        if stacks is not None:
            print(f"--- that was {name}", file=stacks, flush=True)

    prepared: list[str] = []
    director.frames.prepared.connect(lambda backend, reason: prepared.append(backend))
    until(lambda: prepared and director.jobs.idle and director.project.jobs.idle)
    live(3000)  # warming up begins when the renderer is ready
    until(lambda: director.jobs.idle)
    part("starting and warming up")

    story.build()
    until(lambda: director.jobs.idle)
    part("building a head")
    story.record(8)
    part("live drive and recording")
    story.open_sound()
    part("opening a sound")

    window.timeline.fold(False)
    for i in range(300):
        window.timeline.seek(i / 60)
        live(10)
    part("scrubbing")

    options = window.export.options("plate", director.session.orbit)
    director.exports.clip("timeline", folder / "clip.mp4", options)
    director.exports.splats(folder / "head.ply")
    until(lambda: director.jobs.idle)
    part("exporting a clip and splats")

    director.project.save_as(folder / "story.astudio")
    until(lambda: not director.project.unsaved and director.project.jobs.idle)
    part("saving the project")
    print(json.dumps({"studio": __version__, "machine": machine_line(), "stalls_ms": found}, indent=1))
    story.watchdog.stop()
    window.close()


if __name__ == "__main__":
    main()
