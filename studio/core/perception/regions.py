"""What a pixel of a portrait shows: face, other skin, hair (or what covers it), clothes.

No network is asked. Colour models and a prior of where things are around a face explain each other in turn, as in
GrabCut (Rother et al. 2004); in between, each label's probability follows the picture's edges through a guided filter
(cost-volume filtering, Hosni et al. 2011).
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from studio.core.heads.anatomy import BROW, CHIN, FACE_OVAL, FOREHEAD, LIPS_OUTER, LOWER_LID, UPPER_LID, smoothstep
from studio.core.perception.masks import convex, distance_inside, grown, polygon, resized, spread

BACKGROUND, FACE, SKIN, HAIR, CLOTH = range(5)

# px; the face is shrunk to this height: more adds time and no certainty.
_FACE_HEIGHT = 96
_ROUNDS = 3
# Colours are counted in cells of this many of Lab's 256 steps, and blurred, for a face has more shades than samples.
_CELL = 8
_BLUR = (1.0, 0.8, 0.8)
# A colour this much as frequent as a model's median colour is one of its own.
_TYPICAL = 0.5
# Part of every colour model that is any colour at all.
_ANY_COLOR = 0.02
_ANY_SKIN = 0.004
# Lab steps from one pixel to the next that are no edge yet.
_SMOOTH = 4
# px; a model from fewer samples knows little.
_PRIOR_COUNT = 20


def find_regions(
    rgb: NDArray[np.float32], alpha: NDArray[np.float32], landmarks: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Label every pixel ``[H,W]`` of a portrait ``[H,W,3]`` float32 0..1.

    `FACE` is the skin of the face with eyes, brows, mouth, beard and glasses; `SKIN` ears, neck, chest, hands, a bald
    skull; `HAIR` whatever covers the skull, hats and scarves too, and hair that falls beside the neck; `CLOTH`
    everything else of the person; `BACKGROUND` where alpha ``[H,W]`` is below 0.5. `landmarks` ``[478,3]`` px.
    """
    height, width = alpha.shape
    scale = _FACE_HEIGHT / float(np.linalg.norm(landmarks[FOREHEAD, :2] - landmarks[CHIN, :2]))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    points = landmarks[:, :2] * (np.array(size) / (width, height))
    picture = np.clip(resized(rgb, *size), 0, 1)
    likely = _likely(picture, np.clip(resized(alpha, *size), 0, 1), points)
    best, labels = np.full(alpha.shape, -1, np.float32), np.zeros(alpha.shape, np.uint8)
    for label in (FACE, SKIN, HAIR, CLOTH):
        plane = np.ascontiguousarray(likely[..., label - FACE])
        large = np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR))
        labels[large > best] = label
        np.maximum(best, large, out=best)
    labels[alpha <= 0.5] = BACKGROUND
    return labels


def _likely(picture: NDArray[np.float32], alpha: NDArray[np.float32], points: NDArray) -> NDArray[np.float32]:
    """Return the probabilities ``[h,w,4]`` of FACE, SKIN, HAIR and CLOTH in a small picture."""
    u, v, unit = _face_frame(alpha.shape, points)
    prior = _prior(u, v, unit, points)
    cells = _color_cells(picture)
    solid = alpha > 0.9
    bare = _bare_skin(alpha.shape, points)
    forehead = polygon(alpha.shape, points[FACE_OVAL]) & (v < -0.25)
    skin = _frequency(cells, bare)
    as_skin = np.minimum(skin / (_TYPICAL * np.median(skin[bare])), 1)
    shine = _highlights(picture, bare & (as_skin == 1), solid & (v < -0.1))
    as_skin[shine] = 1
    # On the head, what is not skin is hair; below, what is neither skin nor like that hair is cloth.
    on_head = prior[..., 2] * (1 - as_skin) * solid * (v < 0.35)
    hair = _frequency(cells, on_head)
    as_hair = np.minimum(hair / (_TYPICAL * np.median(hair[on_head > 0.3])), 1) if (on_head > 0.3).any() else 0 * hair
    likely = prior * np.stack([as_skin, as_skin, (1 - as_skin) * as_hair, (1 - as_skin) * (1 - as_hair)], -1)
    for _ in range(_ROUNDS):
        seen = likely * solid[..., None]
        skin = _frequency(cells, bare + seen[..., 0] * forehead + shine + 0.3 * seen[..., 1], any_color=_ANY_SKIN)
        # Skin is known best: hair and clothes do not learn its colours.
        hair, cloth = (_frequency(cells, seen[..., k] * (1 - as_skin)) for k in (2, 3))
        likely = prior * np.stack([skin, skin, hair, cloth], -1)
        # Hair hangs on the head, a black shirt does not.
        hairy = likely[..., 2] >= 0.5 * likely.max(-1)
        likely[..., 2] *= np.where(_connected(hairy & (alpha > 0.75) & (v < 2.5), v < -0.2, 5), 1, 0.01)
        likely /= likely.sum(-1, keepdims=True)
        likely = np.clip(cv2.ximgproc.guidedFilter(picture, likely.astype(np.float32), 3, 1e-3), 0, 1)
    # Skin on the head goes on from the face; an island of it is a highlight on hair.
    skinny = likely[..., :2].max(-1) >= likely[..., 2:].max(-1)
    likely[..., :2] *= (_connected(skinny, bare, 3) | (v > 0.3))[..., None]
    # Soft edges show the background, too: they belong to what lies inside.
    inner = cv2.erode(solid.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(spread(likely, inner)[0] if inner.any() else likely, np.float32)


def _face_frame(shape: tuple[int, ...], points: NDArray) -> tuple[NDArray, NDArray, float]:
    """Return each pixel's place ``[h,w]`` in the face's own frame, and the face's height in px.

    In face heights from the middle of the face: u across, v down; the chin is at v = 0.5.
    """
    down = points[CHIN] - points[FOREHEAD]
    unit = float(np.linalg.norm(down))
    down = down / unit
    middle = (points[CHIN] + points[FOREHEAD]) / 2
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    x, y = (x - middle[0]) / unit, (y - middle[1]) / unit
    return x * down[1] - y * down[0], x * down[0] + y * down[1], unit


def _prior(u: NDArray, v: NDArray, unit: float, points: NDArray) -> NDArray[np.float64]:
    """Return how likely FACE, SKIN, HAIR and CLOTH ``[h,w,4]`` are by where a pixel lies around the face."""
    shape = u.shape
    down = (points[CHIN] - points[FOREHEAD]) / unit
    middle = (points[CHIN] + points[FOREHEAD]) / 2
    oval = points[FACE_OVAL]
    inside = polygon(shape, oval)
    depth = distance_inside(inside) / unit
    outside = distance_inside(~inside) / unit
    brow = min(((points[BROW[side]] - middle) @ down / unit).min() for side in BROW)
    above_brow = smoothstep(brow - 0.02, brow - 0.1, v)
    # The face mesh ends below most hairlines: skin that continues the forehead is still face.
    forehead = smoothstep(0.16, 0.06, outside) * smoothstep(-0.25, -0.35, v)

    # Hair: over the brows, along the sides of the face above the jaw, around the skull, and, less likely the further
    # down, beside the neck.
    at_side = smoothstep(0.1, 0.02, depth) * smoothstep(0.45, 0.2, v)
    below = smoothstep(0.3, 1.3, v)
    neck = smoothstep(0.32, 0.22, np.abs(u)) * smoothstep(0.4, 0.5, v)
    hair = np.where(inside, np.maximum(0.35 * above_brow, 0.3 * at_side), (0.9 - 0.7 * below) * (1 - 0.85 * neck))

    ear = smoothstep(0.28, 0.12, outside) * smoothstep(-0.3, -0.15, v) * smoothstep(0.4, 0.25, v)
    chest = smoothstep(0.4, 0.6, v)
    skin = np.where(
        inside,
        1e-3,
        0.03 + 0.45 * ear + 0.5 * neck * smoothstep(1.2, 0.8, v) + 0.4 * chest * smoothstep(1.6, 1.2, v) + 0.1 * chest,
    )
    face = np.where(inside, 1.0 - hair, 0.5 * forehead)
    cloth = np.where(inside, 1e-4, 0.002 + 0.9 * smoothstep(0.45, 0.9, v + 0.25 * np.clip(np.abs(u) - 0.4, 0, 0.6)))
    prior = np.stack([face, skin, hair, cloth], -1) + 1e-5
    return prior / prior.sum(-1, keepdims=True)


def _bare_skin(shape: tuple[int, ...], points: NDArray) -> NDArray[np.bool_]:
    """Return where the face is skin and nothing else: no brows, eyes or lips, and no beard or fringe."""
    centre = points[FACE_OVAL].mean(0)
    bare = polygon(shape, centre + 0.85 * (points[FACE_OVAL] - centre))
    y = np.arange(shape[0])[:, None] + 0.5
    for side in BROW:
        bare &= ~grown(convex(shape, points[BROW[side] + UPPER_LID[side] + LOWER_LID[side]]), 5)
    mouth = points[LIPS_OUTER]
    bare &= ~grown(convex(shape, mouth), 5)
    top, bottom = points[BROW["Right"] + BROW["Left"], 1].min(), mouth[:, 1].min()
    return bare & (y > top) & (y < bottom)


def _color_cells(picture: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the number ``[h,w]`` of each pixel's cell in Lab."""
    lab = cv2.cvtColor(np.round(picture * 255).astype(np.uint8), cv2.COLOR_RGB2LAB).astype(np.intp) // _CELL
    side = 256 // _CELL
    return (lab[..., 0] * side + lab[..., 1]) * side + lab[..., 2]


def _highlights(picture: NDArray[np.float32], bare: NDArray[np.bool_], allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where skin goes on from `bare` without an edge and gets no darker: shining foreheads and skulls."""
    lab = cv2.cvtColor(np.round(cv2.GaussianBlur(picture, (0, 0), 1) * 255).astype(np.uint8), cv2.COLOR_RGB2LAB)
    if not (bare & allowed).any():
        return np.zeros(bare.shape, bool)
    bright = lab[..., 0] >= np.median(lab[bare & allowed, 0])
    # OpenCV's flood: 1 is a wall, 2 is filled; one px of frame.
    mask = np.pad((~(allowed & (bright | bare))).astype(np.uint8), 1, constant_values=1)
    for y, x in np.argwhere(bare & allowed)[::7]:
        if mask[y + 1, x + 1] == 0:
            step = (_SMOOTH,) * 3
            cv2.floodFill(lab, mask, (int(x), int(y)), (0,), step, step, 4 | cv2.FLOODFILL_MASK_ONLY | (2 << 8))
    return mask[1:-1, 1:-1] == 2


def _frequency(cells: NDArray[np.intp], weight: NDArray, any_color: float = _ANY_COLOR) -> NDArray[np.float64]:
    """Return how frequent each pixel's colour ``[h,w]`` is among those that `weight` ``[h,w]`` counts."""
    side = 256 // _CELL
    counts = np.bincount(cells.ravel(), np.asarray(weight, np.float64).ravel(), side**3).reshape((side,) * 3)
    counts = gaussian_filter(counts, _BLUR)
    return (counts.ravel() / (counts.sum() + _PRIOR_COUNT))[cells] + any_color / side**2


def _connected(mask: NDArray[np.bool_], seeds: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """Keep the parts of a mask that hold a seed, cutting bridges under `width` px."""
    core = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((width, width), np.uint8))
    _, labels = cv2.connectedComponents(core, connectivity=4)
    return np.isin(labels, np.unique(labels[seeds & (labels > 0)])) & (labels > 0)
