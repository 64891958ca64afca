"""Where the lanes lie one below the other, and the blocks within them."""

from collections.abc import Collection
from dataclasses import dataclass

from studio.core.project.timeline import LANES, MOTION_LANES, Block, Lane, Timeline

HEIGHTS: dict[Lane, int] = {
    "audio": 48, "mouth": 32, "expression": 32, "gaze": 32, "head": 32, "camera": 24, "markers": 24,
}  # fmt: skip
"""px of a lane; more where several blocks lie one above the other."""
LEAST = 24  # px of a block among several
EDITOR = 128  # px of the opened curve of a lane


@dataclass(frozen=True)
class Row:
    """A lane on the screen.

    Attributes
    ----------
    top, height
        px of the whole, the opened curve included.
    band
        px of the part in which blocks and keys lie.
    tracks
        How many blocks may lie one above the other.
    track_of
        Id of a block to its track, counted from the bottom: a later take, which is seen, lies above.
    """

    lane: Lane
    top: int
    height: int
    band: int
    tracks: int
    track_of: dict[str, int]

    @property
    def bottom(self) -> int:
        """Px of its lower edge."""
        return self.top + self.height

    @property
    def editor(self) -> tuple[int, int]:
        """Top and height of the opened curve, px; height 0 while it is closed."""
        return self.top + self.band, self.height - self.band

    def span(self, block: Block) -> tuple[float, float]:
        """Return top and height of a block, px."""
        height = (self.band - 4) / self.tracks
        return self.top + 2 + (self.tracks - 1 - self.track_of[block.id]) * height, height


def blocks_of(timeline: Timeline, lane: Lane) -> list[Block]:
    """Return the blocks of a lane."""
    if lane == "audio":
        return list(timeline.sounds)
    return [take for take in timeline.takes if lane in take.lanes] if lane in MOTION_LANES else []


def lay_out(timeline: Timeline, opened: Collection[Lane] = ()) -> tuple[Row, ...]:
    """Return the rows of all lanes, the one with its curve open among them higher."""
    rows, top = [], 0
    for lane in LANES:
        track_of, tracks = _stack(blocks_of(timeline, lane))
        band = max(HEIGHTS[lane], tracks * LEAST)
        height = band + (EDITOR if lane in opened else 0)
        rows.append(Row(lane, top, height, band, tracks, track_of))
        top += height
    return tuple(rows)


def _stack(blocks: list[Block]) -> tuple[dict[str, int], int]:
    """Lay each block on the lowest track above all earlier ones that it overlaps."""
    track_of: dict[str, int] = {}
    placed: list[Block] = []
    for block in blocks:
        below = [track_of[o.id] for o in placed if o.start < block.stop - 1e-6 and block.start < o.stop - 1e-6]
        track_of[block.id] = max(below, default=-1) + 1
        placed.append(block)
    return track_of, max(track_of.values(), default=0) + 1
