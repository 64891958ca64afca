"""Handles: twelve points placed by hand become the face mesh's landmarks, on a face no detector knows.

The mean face is opened as far as the mouth is open, turned as the handles say, and warped so that it meets each of
them. Units inside are interocular distances of a mean face that fits this head; x to the picture's right, y down,
z out of the face, before the head's turn and tilt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.spatial import Delaunay

from studio.core.errors import UserError
from studio.core.heads.anatomy import IRIS, SIDES, to_face
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.head import HeadParams
from studio.core.heads.template import N_LANDMARKS, TemplateHead, mean_landmarks

HANDLES: dict[str, int] = {
    "eye_outer_right": 33, "eye_inner_right": 133, "eye_inner_left": 362, "eye_outer_left": 263,
    "nose_tip": 1, "mouth_right": 61, "mouth_left": 291, "lip_upper": 13, "lip_lower": 14, "chin": 152,
    "side_right": 234, "side_left": 454,
}  # fmt: skip
"""The twelve and their landmarks; "right" is the head's own. The lips' handles lie on the line between the lips, a
side's where the face ends, at the height of the nose."""

LIDS: dict[str, int] = {
    "lid_upper_right": 159, "lid_lower_right": 145, "lid_upper_left": 386, "lid_lower_left": 374,
}  # fmt: skip
"""Four more for eyes rounder than human ones; all of them or none."""

MAX_MUZZLE = 1.5
"""Interocular distances."""

_PAIRS = {name: name.replace("right", "left") for name in (*HANDLES, *LIDS) if name.endswith("right")}
_TWELVE_PAIRS = {right: left for right, left in _PAIRS.items() if right in HANDLES}
_FOREHEAD = (10, 103, 332)
# How much of the muzzle's length each handle comes forward. The mouth comes further than the nose, which on a muzzle
# stands out little, but never beyond it.
_MUZZLE = {"nose_tip": 1.0, "lip_upper": 1.5, "lip_lower": 1.5, "mouth_right": 0.9, "mouth_left": 0.9, "chin": 1.0}
_BEHIND_NOSE = 0.1
_MAX_YAW = np.radians(50)
# Closer than this part of the span between the eyes' outer corners, two handles are on one spot.
_APART = 0.04
# A mesh of which more than this part is folded over is no face.
_FOLDED = 0.03

Place = tuple[float, float]


@dataclass(frozen=True)
class Handles:
    """Points placed by hand.

    Attributes
    ----------
    places
        x, y px by name: all of `HANDLES`, and all of `LIDS` or none.
    muzzle
        How far nose and mouth stand out beyond a human face's, interocular distances 0 to `MAX_MUZZLE`; None takes
        it from the proportions.

    Raises
    ------
    UserError
        If a handle is missing, unknown or no point.
    """

    places: Mapping[str, Place]
    muzzle: float | None = None

    def __post_init__(self) -> None:
        places = dict(self.places)
        known = {**HANDLES, **LIDS}
        if unknown := [name for name in places if name not in known]:
            raise UserError(f"There is no handle '{str(unknown[0])[:40]}'; the handles are: {', '.join(known)}.")
        lids = LIDS if any(name in places for name in LIDS) else {}
        if missing := [name for name in (*HANDLES, *lids) if name not in places]:
            raise UserError(f"The handle{'s' * (len(missing) > 1)} {', '.join(missing)} must be placed too; add them.")
        for name, place in places.items():
            try:
                x, y = (float(value) for value in place)
            except (TypeError, ValueError, OverflowError):
                x = y = np.nan
            if not (abs(x) < 1e5 and abs(y) < 1e5):
                raise UserError(f"The handle {name} is no point; give it as [x, y] in pixels of the picture.")
            places[name] = (x, y)
        object.__setattr__(self, "places", places)
        muzzle = self.muzzle
        if muzzle is None:
            return
        if isinstance(muzzle, bool) or not isinstance(muzzle, int | float) or not 0 <= muzzle <= MAX_MUZZLE:
            raise UserError(f"The muzzle must be a number from 0 to {MAX_MUZZLE:g}; leave it out to have it guessed.")

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "Handles":
        """Read ``{"handles": {"chin": [x, y], ...}, "muzzle": 0.4}``; "muzzle" may be missing."""
        places = values["handles"]
        if not isinstance(places, dict):
            raise UserError('"handles" must hold a point [x, y] for each name; see build --help for the names.')
        return Handles(places, values.get("muzzle"))

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        values: dict[str, Any] = {"handles": {name: list(place) for name, place in self.places.items()}}
        return values if self.muzzle is None else {**values, "muzzle": self.muzzle}

    def scaled(self, factor: float) -> "Handles":
        """Return the handles for the picture at another size."""
        return Handles({name: (x * factor, y * factor) for name, (x, y) in self.places.items()}, self.muzzle)

    def moved(self, places: Mapping[str, Place]) -> "Handles":
        """Return the handles with some in another place."""
        return Handles({**self.places, **places}, self.muzzle)

    def dragged(self, name: str, by: Place, mirrored: bool = False) -> "Handles":
        """Return the handles with one shifted by x, y px and, if `mirrored`, its partner shifted as in a mirror."""
        shifts = {name: np.array(by, np.float64)}
        partner = {**_PAIRS, **{left: right for right, left in _PAIRS.items()}}.get(name)
        if mirrored and partner is not None:
            across = _across(_array(self.places))
            shifts[partner] = shifts[name] - 2 * (shifts[name] @ across) * across
        return self.moved({which: _place(np.array(self.places[which]) + shift) for which, shift in shifts.items()})

    def with_muzzle(self, muzzle: float | None) -> "Handles":
        """Return the handles with another muzzle."""
        return Handles(self.places, muzzle)

    @property
    def lids(self) -> bool:
        """Whether the lids were placed too."""
        return len(self.places) > len(HANDLES)

    def with_lids(self, placed: bool) -> "Handles":
        """Return the handles with lids as a human eye of this width has them, or without."""
        places = {name: self.places[name] for name in HANDLES}
        if placed:
            places |= {name: _place(point) for name, point in _human_lids(_array(places)).items()}
        return Handles(places, self.muzzle)


def guess_handles(width: int, height: int) -> Handles:
    """Return handles for a face in the middle of a picture, to be moved from there."""
    scale = 0.18 * min(width, height)
    face = to_face(mean_landmarks())[list(HANDLES.values()), :2] * scale + [width / 2, height / 2 - 0.3 * scale]
    return Handles({name: _place(point) for name, point in zip(HANDLES, face, strict=True)})


def handles_of(landmarks: NDArray) -> Handles:
    """Return the twelve handles of landmarks ``[478,2+]`` px."""
    return Handles({name: _place(landmarks[index]) for name, index in HANDLES.items()})


def fit_landmarks(handles: Handles, width: int, height: int) -> NDArray[np.float32]:
    """Return the face mesh ``[478,3]`` px (z px, smaller nearer) that meets every handle.

    Raises
    ------
    UserError
        If handles lie outside the picture of this size, on one spot, crossed or folded.
    """
    at = _array(handles.places)
    _check(at, width, height)
    pose = _Pose.of(at, handles.muzzle)
    if not handles.lids:
        at |= _human_lids(at)
    targets = {name: pose.to_front(point, _depth(name, pose.muzzle)) for name, point in at.items()}
    source = _opened_mean(targets["lip_lower"][1] - targets["lip_upper"][1])
    wider = (targets["side_left"][0] - targets["side_right"][0]) / np.ptp(source[[234, 454], 0])
    # Nothing is placed on the forehead: it goes with the head's width, not with the muzzle's length.
    index = [{**HANDLES, **LIDS}[name] for name in targets] + list(_FOREHEAD)
    goals = np.concatenate([list(targets.values()), source[list(_FOREHEAD)] * [wider, 1, 1]])
    warp = RBFInterpolator(source[index, :2], goals - source[index], kernel="thin_plate_spline")
    points = source + warp(source[:, :2])
    _check_folds(source, points)
    _round_irises(points)
    return pose.to_picture(points).astype(np.float32)


def muzzle_of(handles: Handles) -> float:
    """Return the muzzle's length in interocular distances: the one given, or the guess."""
    return _Pose.of(_array(handles.places), handles.muzzle).muzzle


@dataclass(frozen=True, eq=False)
class _Pose:
    """How the head stands in the picture, seen from so far that perspective does not matter.

    `origin` ``[2]`` px is the picture of the face frame's origin, `across` ``[2]`` the direction of its x without yaw.
    """

    origin: NDArray[np.float64]
    across: NDArray[np.float64]
    scale: float
    yaw: float
    muzzle: float

    @staticmethod
    def of(at: dict[str, NDArray], muzzle: float | None) -> "_Pose":
        """Find tilt, turn and size, taking the head for symmetric and the camera for level with it.

        Pairs lie across the head; so the middles of pairs and what lies on the midline are moved sideways only by
        yaw, each as far as it stands out.
        """
        across = _across(at)
        axes = np.stack([across, _quarter_turn(across)])
        eyes = np.mean([at[name] for name in HANDLES if name.startswith("eye")], axis=0)
        flat = {name: axes @ (point - eyes) for name, point in at.items()}
        mean = to_face(mean_landmarks())
        right, left = (np.mean([flat[f"eye_{end}_{s}"] for end in ("outer", "inner")], axis=0) for s in _SIDES)
        spacing = (left - right)[0] / 0.986  # the mean's eyes by their corners
        breadth = (flat["side_left"] - flat["side_right"])[0] / np.ptp(mean[[234, 454], 0])
        seen = float(np.sqrt(spacing * breadth))
        middles = [*_TWELVE_PAIRS.items(), *((name, name) for name in HANDLES if not name.endswith(_SIDES))]
        sideways = np.array([(flat[a] + flat[b])[0] / 2 for a, b in middles])
        yaw, offset, length = 0.0, 0.0, muzzle or 0.0
        for _ in range(4):  # how large the head is decides what counts as a muzzle, and a muzzle tells of the yaw
            if muzzle is None:
                length = _muzzle_length(flat, seen / np.cos(yaw))
            out = np.array([_depth(a, length) for a, _ in middles])
            (tangent, offset), *_ = np.linalg.lstsq(
                np.column_stack([out * seen, np.ones(len(out))]), sideways, rcond=None
            )
            yaw = float(np.clip(np.arctan(tangent), -_MAX_YAW, _MAX_YAW))
        return _Pose(eyes + across * offset, across, seen / np.cos(yaw), yaw, length)

    def to_front(self, point: NDArray, depth: float) -> NDArray[np.float64]:
        """Return where a point ``[2]`` px of the picture lies on the face looked at from the front ``[3]``."""
        x = (point - self.origin) @ self.across / self.scale
        y = (point - self.origin) @ _quarter_turn(self.across) / self.scale
        return np.array([(x - depth * np.sin(self.yaw)) / np.cos(self.yaw), y, depth])

    def to_picture(self, points: NDArray) -> NDArray[np.float64]:
        """Return points ``[n,3]`` of the face in the picture ``[n,3]`` px, z smaller nearer, its mean 0."""
        x = points[:, 0] * np.cos(self.yaw) + points[:, 2] * np.sin(self.yaw)
        nearness = (points[:, 2] * np.cos(self.yaw) - points[:, 0] * np.sin(self.yaw)) * self.scale
        plane = np.outer(x, self.across) + np.outer(points[:, 1], _quarter_turn(self.across))
        return np.column_stack([self.origin + self.scale * plane, nearness.mean() - nearness])


_SIDES = tuple(side.lower() for side in SIDES)


def _array(places: Mapping[str, Place]) -> dict[str, NDArray[np.float64]]:
    return {name: np.array(place, np.float64) for name, place in places.items()}


def _place(point: NDArray) -> Place:
    return float(point[0]), float(point[1])


def _quarter_turn(direction: NDArray) -> NDArray[np.float64]:
    """Return what is down where `direction` ``[2]`` is right."""
    return np.array([-direction[1], direction[0]])


def _across(at: dict[str, NDArray]) -> NDArray[np.float64]:
    """Return the unit direction ``[2]`` from the head's right to its left in the picture."""
    total = np.sum([at[left] - at[right] for right, left in _TWELVE_PAIRS.items()], axis=0)
    return total / max(float(np.linalg.norm(total)), 1e-9)


def _depth(name: str, muzzle: float) -> float:
    """Return how far a handle stands out of a face with a muzzle of this length."""
    mean = to_face(mean_landmarks())[:, 2]
    depth = mean[{**HANDLES, **LIDS}[name]] + muzzle * _MUZZLE.get(name, 0.0)
    return float(depth if name == "nose_tip" else min(depth, mean[HANDLES["nose_tip"]] + muzzle - _BEHIND_NOSE))


def _muzzle_length(flat: dict[str, NDArray], scale: float) -> float:
    """Return how far a head of these proportions has its nose and mouth in front of a human's.

    Frontal pictures do not show a muzzle's length. What tells of one: a nose far below the eyes, or hardly below them
    since it points at the camera; a wide mouth; a chin that hides under the mouth. Within what people differ by,
    nothing counts.
    """
    below = flat["nose_tip"][1] / scale
    nose = max(below - 0.7, 0.35 - below)
    mouth = (flat["mouth_left"] - flat["mouth_right"])[0] / scale - 1.0
    chin = 0.5 - (flat["chin"] - flat["lip_lower"])[1] / scale
    return float(np.clip(max(nose, 0) + 0.5 * max(mouth, 0) + 1.2 * max(chin, 0), 0, 1.0))


def _human_lids(at: dict[str, NDArray]) -> dict[str, NDArray[np.float64]]:
    """Return where a human eye between the same corners would have the middle of its lids."""
    mean = to_face(mean_landmarks())[:, :2]
    lids = {}
    for name, index in LIDS.items():
        side = name.rsplit("_", 1)[1]
        outer, inner = f"eye_outer_{side}", f"eye_inner_{side}"
        # Complex division is the similarity that takes one eye's corners to the other's.
        a, b, c = (complex(*mean[i]) for i in (HANDLES[outer], HANDLES[inner], index))
        start, end = complex(*at[outer]), complex(*at[inner])
        moved = start + (c - a) / (b - a) * (end - start)
        lids[name] = np.array([moved.real, moved.imag])
    return lids


@lru_cache(maxsize=1)
def _jaw_positions() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean face at eleven openings of its jaw ``[11,478,3]``, and the gap between its lips ``[11]``."""
    head = TemplateHead(mean_landmarks())
    still = np.zeros(3, np.float32)
    faces = []
    for value in np.linspace(0, 1, 11):
        code = np.zeros(len(ARKIT_NAMES), np.float32)
        code[ARKIT_INDEX["jawOpen"]] = value
        faces.append(to_face(head.vertices(HeadParams(still, code, still, still))[:N_LANDMARKS]))
    stack = np.array(faces)
    return stack, stack[:, HANDLES["lip_lower"], 1] - stack[:, HANDLES["lip_upper"], 1]


def _opened_mean(gap: float) -> NDArray[np.float64]:
    """Return the mean face ``[478,3]`` with its lips so far apart.

    The warp alone would open it badly: where the lips touch, two handles for one spot tear it.
    """
    faces, gaps = _jaw_positions()
    place = float(np.interp(gap, gaps, np.arange(len(gaps))))
    low = min(int(place), len(faces) - 2)
    return faces[low] + (place - low) * (faces[low + 1] - faces[low])


def _round_irises(points: NDArray[np.float64]) -> None:
    """Make the irises of ``[478,3]`` circles: a fifth of the eye's width in radius, more in a rounder eye."""
    for side, ring in IRIS.items():
        name = side.lower()
        corners = points[[HANDLES[f"eye_outer_{name}"], HANDLES[f"eye_inner_{name}"]]]
        lids = points[[LIDS[f"lid_upper_{name}"], LIDS[f"lid_lower_{name}"]]]
        wide, high = (float(np.linalg.norm(np.subtract(*ends)[:2])) for ends in (corners, lids))
        centre = (corners.mean(0) + lids.mean(0)) / 2
        offsets = np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]]) * max(0.2 * wide, 0.42 * high)
        points[ring] = np.column_stack([centre[:2] + offsets, np.full(5, centre[2])])


def _check(at: dict[str, NDArray], width: int, height: int) -> None:
    """Refuse handles that cannot be a face, with a sentence that says which."""
    for name, (x, y) in at.items():
        if not (0 <= x <= width and 0 <= y <= height):
            raise UserError(f"The handle {name} lies outside the picture; move it onto the face.")
    span = max(float(np.linalg.norm(at["eye_outer_left"] - at["eye_outer_right"])), 4.0)
    names = list(at)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            touching = {a, b} == {"lip_upper", "lip_lower"}  # as in a closed mouth
            lids = a in LIDS and b in LIDS  # as in a narrow eye
            if not (touching or lids) and float(np.linalg.norm(at[a] - at[b])) < _APART * span:
                raise UserError(f"The handles {a} and {b} lie on one spot; move them apart.")
    across = _across(at)
    down = _quarter_turn(across)
    x, y = ({name: float(point @ axis) for name, point in at.items()} for axis in (across, down))
    if y["chin"] < (y["eye_inner_right"] + y["eye_inner_left"]) / 2:
        raise UserError(
            "Right and left are swapped, or the face stands on its head; in a picture of someone upright who looks "
            "at you, the handles named right lie on the left."
        )
    eyes = ["eye_outer_right", "eye_inner_right", "eye_inner_left", "eye_outer_left"]
    for a, b in [*pairwise(eyes), ("mouth_right", "mouth_left"), ("side_right", "side_left")]:
        if x[a] >= x[b]:
            raise UserError(f"The handles {a} and {b} are crossed; swap them.")
    if x["side_right"] > x["eye_inner_right"] or x["side_left"] < x["eye_inner_left"]:
        raise UserError("The eyes lie outside the face's sides; move side_right and side_left further out.")
    for a, b in pairwise(("nose_tip", "lip_upper", "chin")):
        if y[a] >= y[b]:
            raise UserError(f"The handle {b} must lie below {a}; move one of them.")
    if y["lip_lower"] < y["lip_upper"] - _APART * span:
        raise UserError("The handle lip_lower must not lie above lip_upper; move one of them.")
    for side in _SIDES:
        if f"lid_upper_{side}" in y and y[f"lid_lower_{side}"] < y[f"lid_upper_{side}"]:
            raise UserError(f"The handle lid_lower_{side} must lie below lid_upper_{side}; move one of them.")


@lru_cache(maxsize=1)
def mesh_triangles() -> NDArray[np.int32]:
    """Return triangles ``[T,3]`` over the skin landmarks, as they lie on the mean face."""
    mean = to_face(mean_landmarks())[:468, :2]
    return np.asarray(Delaunay(mean).simplices, np.int32)


def _check_folds(source: NDArray, points: NDArray) -> None:
    before, after = (_signed_areas(p[:, :2], mesh_triangles()) for p in (source, points))
    folded = before * after < 0
    if np.abs(after[folded]).sum() > _FOLDED * np.abs(after).sum():
        raise UserError("These handles fold the face over itself; move those whose lines cross, or reset them.")


def _signed_areas(points: NDArray, triangles: NDArray) -> NDArray[np.float64]:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    return np.cross(b - a, c - a)
