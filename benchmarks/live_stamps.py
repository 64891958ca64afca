"""Numbers stamped into frames, and a second program that reads them off the screen: `live.py --watch`.

Every frame carries its number in two opposite corners. Whoever looks at the screen from outside must find the
same number in both; if not, the frame was torn. Run as a program it looks 25 times a second until its stdin is
closed, then prints what it saw::

    python benchmarks/live_stamps.py LEFT TOP SIDE
"""

import json
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

BITS = 14
BLOCK = 1 / 64  # of the side of the picture
LOOK = 40  # ms


class Stamped:
    """An avatar whose every frame is numbered."""

    def __init__(self, avatar: Any) -> None:
        self._avatar = avatar
        self.number = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._avatar, name)

    def shade(self, *arguments: Any, **options: Any) -> Any:
        """Shade, then stamp."""
        picture = self._avatar.shade(*arguments, **options)
        self.number += 1
        stamp(picture, self.number)
        return picture


def stamp(picture: NDArray, number: int) -> None:
    """Write a number into the upper left and the lower right corner, bit by bit, black and white."""
    block = round(len(picture) * BLOCK)
    white = 255 if picture.dtype == np.uint8 else 1.0
    bits = np.array([number >> bit & 1 for bit in range(BITS)])
    row = np.repeat(bits * white, block).astype(picture.dtype)[:, None]
    picture[:block, : len(row), :3] = row
    picture[-block:, -len(row) :, :3] = row


def read(picture: NDArray[np.uint8]) -> tuple[int, int]:
    """Return the numbers in the two corners of a square ``[H,W,3]`` taken off the screen."""
    side = len(picture)
    middle = [round(side * BLOCK * (bit + 0.5)) for bit in range(BITS)]
    first = [picture[middle[0], x, 0] > 127 for x in middle]
    last = [picture[side - 1 - middle[0], side - 1 - x, 0] > 127 for x in reversed(middle)]
    return sum(int(on) << bit for bit, on in enumerate(first)), sum(int(on) << bit for bit, on in enumerate(last))


def main() -> None:
    from PySide6.QtCore import QSocketNotifier, Qt, QTimer
    from PySide6.QtGui import QGuiApplication, QImage

    left, top, side = (int(word) for word in sys.argv[1:])
    app = QGuiApplication([])
    seen: list[tuple[int, int]] = []

    def look() -> None:
        shot = app.primaryScreen().grabWindow(0, left, top, side, side)
        image = shot.toImage().convertToFormat(QImage.Format.Format_RGBX8888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(side, -1)
        seen.append(read(rows[:, : 4 * side].reshape(side, side, 4)))

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(look)
    timer.start(LOOK)
    over = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    over.activated.connect(app.quit)
    app.exec()
    numbers = [first for first, last in seen if first == last]
    print(
        json.dumps(
            {
                "looks_at_the_screen": len(seen),
                "torn_frames_seen": len(seen) - len(numbers),
                "different_frames_seen": len(set(numbers)),
                "went_back": int((np.diff(numbers) < 0).sum()),
            }
        )
    )


if __name__ == "__main__":
    main()
