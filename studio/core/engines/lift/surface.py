"""The visible surface as Gaussians on the picture's own grid.

Every Gaussian covers one square cell of 1, 2 or 4 px: small where the picture has detail, large where it is
smooth. Its axes are the surface's tangents over that cell, so a cell on a steep cheek covers the long strip it
stands for; that, and not more points, closes the holes in a turned view.
"""

from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.engines.lift.relief import Relief
from studio.core.heads.anatomy import smoothstep
from studio.core.heads.fitting import HeadPose
from studio.core.perception.masks import distance_inside, sampled
from studio.core.perception.portrait import Portrait

# Standard deviation of a Gaussian over its cell's side, and over its thickness.
SPREAD = 0.75
_THICKNESS = 0.25
# So many neighbours share each point of the surface; found by the matte that comes back from rendering it.
_OVERLAP = 2.5
# A cell may be stretched this many times its side where the surface runs away from the camera.
_MAX_SLOPE = 4.0
# At the person's edge, over so many px of the file, less: what lies behind closes the surface there, and a stretched
# edge would show its last pixels broadside.
_RIM_SLOPE, _SOFT_RIM = 1.0, 4.0
# Squared error that a cell is worth: from next to nothing to what meets the budget, found by so many bisections.
_PRICES, _BISECTIONS = (2e-4, 3.0), 12
# Colour lost around the face counts this many times.
_CLOSE_WEIGHT = 2.0


@dataclass(frozen=True, eq=False)
class Surfels:
    """Flat Gaussians by their tangents, before they become quaternions.

    Attributes
    ----------
    means
        ``[N,3]`` m in head space.
    tangents
        ``[N,2,3]`` m: the two axes, standard deviation long; they need not be orthogonal.
    thickness
        ``[N]`` m, standard deviation along the normal.
    opacities
        ``[N]`` 0..1.
    colors
        ``[N,3]`` 0..1.
    pixels
        ``[N,2]`` px of the portrait.
    cell
        ``[N]`` px.
    seen
        ``[N]`` bool.
    """

    means: NDArray[np.float32]
    tangents: NDArray[np.float32]
    thickness: NDArray[np.float32]
    opacities: NDArray[np.float32]
    colors: NDArray[np.float32]
    pixels: NDArray[np.float32]
    cell: NDArray[np.float32]
    seen: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.means)

    def __getitem__(self, index: NDArray) -> "Surfels":
        return Surfels(*(getattr(self, f.name)[index] for f in fields(self)))

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which belong to parts inside the head ``[N]``: they have no pixel of their own (0, 0)."""
        return ~self.pixels.any(1)

    @staticmethod
    def concatenate(parts: "list[Surfels]") -> "Surfels":
        """Join several sets."""
        return Surfels(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Surfels)))


def front_surface(
    portrait: Portrait, relief: Relief, pose: HeadPose, detailed: NDArray[np.bool_], most: int | None = None
) -> Surfels:
    """Return the seen surface.

    Parameters
    ----------
    detailed
        ``[H,W]`` where every pixel gets its own Gaussian: eyes and mouth, which move most.
    most
        How many Gaussians, about; None for the first preview: cells of 4 px throughout.
    """
    colors = portrait.own_colors
    alpha = portrait.alpha
    if most is None:
        y, x, cell = cells_of(4, np.ones(block_count(alpha, 4), bool))
    else:
        y, x, cell = choose_cells(colors, alpha, relief.nearness, detailed, _near_face(portrait), most)
    pixels = np.column_stack([x, y]).astype(np.float32)
    opacity = cell_mean(alpha, y, x, cell)
    keep = opacity > 0.03
    pixels, cell, opacity = pixels[keep], cell[keep], opacity[keep]
    color = cell_mean(colors, y[keep], x[keep], cell)
    points = lifted_grid(pose, relief.nearness)
    firm = smoothstep(0, _SOFT_RIM * max(1.0, portrait.scale), sampled(distance_inside(alpha > 0.5), pixels))
    slope = _RIM_SLOPE + (_MAX_SLOPE - _RIM_SLOPE) * firm
    return laid_on_grid(points, pixels, cell, _layer_opacity(opacity), color, np.ones(len(cell), bool), slope)


def choose_cells(
    colors: NDArray[np.float32],
    alpha: NDArray[np.float32],
    nearness: NDArray[np.float32],
    detailed: NDArray[np.bool_],
    close: NDArray[np.bool_],
    most: int,
) -> tuple[NDArray, NDArray, NDArray]:
    """Divide the picture into cells. Returns their centres y, x px and sides ``[N]`` px.

    Cells are single pixels throughout `detailed`. Elsewhere the `most` cells go where merging them
    would lose most colour, which counts more in `close` (around the face): a block of four is one cell if the squared
    error it adds is worth less than the cells it saves, at the price per cell that meets the budget.
    """
    person = alpha > 0.03
    weight = np.where(close, _CLOSE_WEIGHT, 1.0).astype(np.float32)
    two = _merging_loss(colors, alpha, nearness, weight, 2)
    four = _merging_loss(colors, alpha, nearness, weight, 4)
    two[_block_max(detailed.astype(np.float32), 2) > 0] = np.inf
    four[_block_max(detailed.astype(np.float32), 4) > 0] = np.inf
    singles = _block_sum(person, 2)

    def divided(price: float) -> list[NDArray[np.bool_]]:
        medium = two + price < price * singles
        parts = _block_sum(np.where(medium, two + price, price * singles), 2)
        large = (four + price < parts) & (parts > 0)
        medium &= ~_repeated(large, 2, medium.shape) & (singles > 0)
        small = person & ~_repeated(large, 4, person.shape) & ~_repeated(medium, 2, person.shape)
        return [small, medium, large]

    def too_many(price: float) -> bool:
        return sum(int(chosen.sum()) for chosen in divided(price)) > most

    low, high = _PRICES
    if too_many(low):
        for _ in range(_BISECTIONS):
            price = float(np.sqrt(low * high))
            low, high = (price, high) if too_many(price) else (low, price)
        low = high
    parts = [cells_of(side, chosen) for side, chosen in zip((1, 2, 4), divided(low), strict=True)]
    y, x, cell = (np.concatenate(c) for c in zip(*parts, strict=True))
    return y, x, cell


def _near_face(portrait: Portrait) -> NDArray[np.bool_]:
    """Return the face and what surrounds it as a mask ``[H,W]``."""
    x0, y0 = portrait.landmarks[:468, :2].min(0) - 0.35 * portrait.face_height
    x1, y1 = portrait.landmarks[:468, :2].max(0) + 0.35 * portrait.face_height
    mask = np.zeros(portrait.alpha.shape, bool)
    mask[max(int(y0), 0) : int(y1), max(int(x0), 0) : int(x1)] = True
    return mask


def _merging_loss(
    colors: NDArray, alpha: NDArray, nearness: NDArray, weight: NDArray[np.float32], side: int
) -> NDArray[np.float32]:
    """Return the squared error that one cell adds in place of a block, ``[H/side, W/side]``."""
    height, width = alpha.shape
    blocks = (max(1, -(-width // side)), max(1, -(-height // side)))
    shown = np.concatenate([colors * alpha[..., None], alpha[..., None]], -1).astype(np.float32)
    smooth = cv2.resize(cv2.resize(shown, blocks, interpolation=cv2.INTER_AREA), (width, height))
    loss = _block_sum(((shown - smooth) ** 2).sum(-1) * weight, side)
    steep = _block_max(nearness, side) + _block_max(-nearness, side) > 3 * side
    return np.where(steep, np.float32(np.inf), loss)


def block_count(picture: NDArray, side: int) -> tuple[int, int]:
    """Return how many cells of `side` px a picture is high and wide."""
    return -(-picture.shape[0] // side), -(-picture.shape[1] // side)


def _block_max(picture: NDArray, side: int) -> NDArray:
    rows, cols = block_count(picture, side)
    padded = np.pad(picture, ((0, rows * side - picture.shape[0]), (0, cols * side - picture.shape[1])), mode="edge")
    return padded.reshape(rows, side, cols, side).max((1, 3))


def _block_sum(picture: NDArray, side: int) -> NDArray[np.float32]:
    rows, cols = block_count(picture, side)
    padded = np.pad(picture, ((0, rows * side - picture.shape[0]), (0, cols * side - picture.shape[1])))
    return padded.reshape(rows, side, cols, side).sum((1, 3), dtype=np.float32)


def _repeated(blocks: NDArray, side: int, shape: tuple[int, ...]) -> NDArray:
    """Return blocks at the resolution of what they are blocks of."""
    return np.repeat(np.repeat(blocks, side, 0), side, 1)[: shape[0], : shape[1]]


def cells_of(side: int, chosen: NDArray[np.bool_]) -> tuple[NDArray, NDArray, NDArray]:
    """Return centre y, centre x and side of the chosen blocks."""
    row, col = np.nonzero(chosen)
    return (row + 0.5) * side, (col + 0.5) * side, np.full(len(row), side, np.float32)


def _layer_opacity(alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the opacity of one Gaussian whose overlapping neighbours together reach `alpha`."""
    return np.minimum(1 - (1 - np.minimum(alpha, 1)) ** (1 / _OVERLAP), 0.985)


def cell_mean(picture: NDArray, y: NDArray, x: NDArray, cell: NDArray) -> NDArray[np.float32]:
    """Average a picture over each cell ``[N]`` or ``[N,C]``."""
    out = np.empty((len(y), *picture.shape[2:]), np.float32)
    for side in np.unique(cell).astype(int):
        rows, cols = block_count(picture, side)
        pad = [(0, rows * side - picture.shape[0]), (0, cols * side - picture.shape[1])]
        padded = np.pad(picture, pad + [(0, 0)] * (picture.ndim - 2), mode="edge")
        small = cv2.resize(padded, (cols, rows), interpolation=cv2.INTER_AREA) if side > 1 else padded
        mine = cell == side
        out[mine] = small[(y[mine] / side).astype(int), (x[mine] / side).astype(int)]
    return out


def lifted_grid(pose: HeadPose, nearness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the head-space point ``[H,W,3]`` m of every pixel centre."""
    height, width = nearness.shape
    camera = pose.camera
    depth = (pose.distance - nearness * pose.px).astype(np.float32)
    rays = np.linalg.inv(camera.K)
    x = ((np.arange(width) + 0.5) * rays[0, 0] + rays[0, 2]).astype(np.float32)
    y = ((np.arange(height) + 0.5) * rays[1, 1] + rays[1, 2]).astype(np.float32)
    points = np.stack([x * depth, y[:, None] * depth, depth], -1)
    rotation, translation = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
    return (points - translation.astype(np.float32)) @ rotation.astype(np.float32)


def laid_on_grid(
    points: NDArray[np.float32],
    pixels: NDArray[np.float32],
    cell: NDArray[np.float32],
    opacity: NDArray,
    color: NDArray,
    seen: NDArray[np.bool_],
    slope: NDArray | float = _MAX_SLOPE,
) -> Surfels:
    """Lay Gaussians on a grid of surface points ``[H,W,3]``, stretched to at most `slope` ``[N]`` times their side."""
    means = sampled(points, pixels)
    tangents = []
    for axis in (1, 0):
        step = np.gradient(points, axis=axis).astype(np.float32)
        tangent = sampled(step, pixels)
        # At rest the tangent along the picture is one pixel long; the surface may tilt away only so far.
        length = np.linalg.norm(tangent, axis=1, keepdims=True)
        flat = np.median(length)
        tangent *= np.minimum(1, np.reshape(slope, (-1, 1)) * flat / np.maximum(length, 1e-9))
        tangents.append(tangent * cell[:, None] * SPREAD)
    u, v = tangents
    size = np.median(np.linalg.norm(u, axis=1) / cell)
    return Surfels(
        means,
        np.stack([u, v], 1).astype(np.float32),
        (size / SPREAD * _THICKNESS * cell).astype(np.float32),
        np.asarray(opacity, np.float32),
        np.ascontiguousarray(color, np.float32),
        pixels,
        cell.astype(np.float32),
        seen,
    )
