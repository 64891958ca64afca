"""The process that owns the virtual camera: raw RGB frames on standard input, what happens as JSON on standard output.

    python -m studio.virtual_camera_process WIDTH HEIGHT FPS

pyvirtualcam is under the GPL, version 2. It is not part of this program and nothing else here imports it: who wants
it installs it, and it runs here, in a process that knows nothing of the studio.
"""

import json
import sys


def main() -> None:
    """Show frames until standard input ends."""
    width, height, fps = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])

    def tell(**what: str) -> None:
        print(json.dumps(what), flush=True)  # noqa: T201

    try:
        import numpy as np
        import pyvirtualcam  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        tell(missing=str(error.name))
        return
    try:
        camera = pyvirtualcam.Camera(width, height, fps, fmt=pyvirtualcam.PixelFormat.RGB)
    except Exception as error:  # each of its backends raises its own
        tell(refused=str(error))
        return
    with camera:
        tell(device=str(camera.device))
        while len(data := sys.stdin.buffer.read(width * height * 3)) == width * height * 3:
            camera.send(np.frombuffer(data, np.uint8).reshape(height, width, 3))


if __name__ == "__main__":
    main()
