"""The whole mean head: skin, eyes, teeth, gums, tongue and mouth bag as one list of vertices."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from head_shape import ears, mouth, skull
from head_shape.eyes import eyeball
from head_shape.face import as_piece, face_triangles, subdivide, with_nostrils
from head_shape.mesh import (
    Faces,
    Piece,
    Points,
    boundary_loops,
    consistently_wound,
    faired,
    grid_faces,
    joined,
    wound_outwards,
)
from head_shape.uv import box_uv, disc_uv, skin_uv
from studio.core.heads.anatomy import (
    LOWER_LIP_INNER,
    MOUTH_CORNER_LEFT,
    MOUTH_CORNER_RIGHT,
    SIDES,
    UPPER_LIP_INNER,
    smoothstep,
)
from studio.core.heads.eyes import eye_centre, lid_rims, lid_ring
from studio.core.heads.full import PARTS

_SPACING = 0.075
# Expressions fade out over this distance from the face.
_REACH = 0.52
# The neck's joint turns all skin above the first height and none below the second, in front and behind alike.
_NECK_TOP, _NECK_FOOT = 1.55, 2.75


class _Skin:
    """The skin and what is known of its vertices."""

    def __init__(self, mean: Points) -> None:
        face, self.parents = _face(mean)
        self.n_face = len(face.points)
        loops = {len(loop): loop for loop in boundary_loops(face.faces)}
        self.oval = np.array(loops[144])
        shape = skull.Skull(face.points[self.oval])
        grown = [ears.ear(shape, side) for side in (1.0, -1.0)]
        top = skull.neck_outline(0.0)
        rim = face.points[self.oval]
        scalp = skull.scalp(shape, [rim, *(root for _, root in grown), top], _SPACING)
        bust = wound_outwards(skull.neck(), np.array([0, 2.5, -1.5]))
        skin, numbers = joined([face, scalp, *(ear for ear, _ in grown), bust])
        ear_vertices = np.concatenate(numbers[2:4])
        from_rim, from_neck = KDTree(rim).query(skin.points)[0], KDTree(top).query(skin.points)[0]
        on_face = np.arange(len(skin.points)) < self.n_face
        # Only where pieces meet is there anything to smooth.
        hold = np.where(on_face, np.where(from_rim < 0.25, 0.02, 1.0), np.where(from_rim < 0.35, 0.01, 0.08))
        hold[:468] = np.maximum(hold[:468], 0.3)
        hold[from_neck < 0.4] = 0.004
        hold[ear_vertices] = 1.5
        roots = np.concatenate([n[: ears.COLUMNS] for n in numbers[2:4]])
        from_root = KDTree(skin.points[roots]).query(skin.points)[0]
        hold[(from_root < 0.2) & ~np.isin(np.arange(len(hold)), ear_vertices)] = 0.01
        hold[roots] = 0.05
        hem = numbers[4][-skull.NECK_COLUMNS :]
        hold[hem] = 1.0
        points = _symmetric(faired(skin, hold))
        self.eyes = {side: eye_centre(points[self._margin(skin, side)]) for side in SIDES}
        self.rims: dict[str, NDArray[np.int64]] = {}
        pieces = [Piece(points, skin.faces)]
        count = len(points)
        for side in SIDES:
            margin = self._margin(skin, side)
            rings = lid_rims(points[margin], self.eyes[side])
            n = len(margin)
            self.rims[side] = np.concatenate([margin, count + np.arange(3 * n)]).reshape(4, n)
            strip = Piece(np.concatenate([points[margin], *rings]), grid_faces(4, n))
            pieces.append(_facing(strip, self.eyes[side]))
            count += 3 * n
        self.piece, _ = joined(pieces)
        self.without_nostrils = self.piece.points
        self.piece = Piece(with_nostrils(self.piece.points), self.piece.faces)
        self.hem = np.column_stack([hem, 2 * np.pi * np.arange(len(hem)) / len(hem)])
        self.on_face = np.arange(len(self.piece.points)) < self.n_face
        self.from_face = KDTree(points[: self.n_face]).query(self.piece.points)[0]

    def _margin(self, skin: Piece, side: str) -> NDArray[np.int64]:
        """Return the whole margin of one eye's opening, starting at its first landmark."""
        first = lid_ring(side)
        for loop in boundary_loops(skin.faces):
            if first[0] in loop:
                start = loop.index(first[0])
                loop = loop[start:] + loop[:start]
                # Over the upper lid first, as `lid_ring` runs.
                return np.array(loop if loop.index(first[2]) < loop.index(first[-2]) else [loop[0], *loop[:0:-1]])
        raise ValueError(f"no opening at the {side} eye")

    def lips(self) -> NDArray[np.int64]:
        """Return the lips' inner edge, from the right corner over the upper lip."""
        for loop in boundary_loops(self.piece.faces):
            if UPPER_LIP_INNER[0] in loop:
                start = loop.index(UPPER_LIP_INNER[0])
                loop = loop[start:] + loop[:start]
                return np.array(loop if loop.index(13) < loop.index(14) else [loop[0], *loop[:0:-1]])
        raise ValueError("no mouth")


def whole_head(mean: Points) -> dict[str, NDArray]:
    """Return the arrays of the whole head around mean landmarks ``[478,3]``; see `studio.core.heads.full`."""
    skin = _Skin(mean)
    points = skin.piece.points
    lips = skin.lips()
    middle = 0.5 * (points[13] + points[14])
    middle[0] = 0.0
    k = 0.5 * (points[MOUTH_CORNER_LEFT, 0] - points[MOUTH_CORNER_RIGHT, 0]) / mouth.HALF_WIDTH
    half = _lip_half(skin, lips)
    tongue, out = mouth.tongue()
    bag, with_lips = mouth.bag((points[lips] - middle) / k, half)

    def placed(piece: Piece) -> Piece:
        return Piece(piece.points * k + middle, piece.faces)

    inner = {
        "eye_left": eyeball(skin.eyes["Left"])[0],
        "eye_right": eyeball(skin.eyes["Right"])[0],
        "teeth_upper": placed(mouth.teeth(True)),
        "teeth_lower": placed(mouth.teeth(False)),
        "gum_upper": placed(mouth.gum(True)),
        "gum_lower": placed(mouth.gum(False)),
        "tongue": placed(tongue),
    }
    inner = {name: _each_outwards(piece) for name, piece in inner.items()}
    bag_piece = placed(bag)
    inner["mouth_bag"] = _facing(bag_piece, bag_piece.points.mean(0))

    pieces = {"skin": skin.piece} | inner
    first = dict(zip(PARTS, np.cumsum([0] + [len(pieces[name].points) for name in PARTS[:-1]]), strict=True))
    total = sum(len(piece.points) for piece in pieces.values())
    part = np.concatenate([np.full(len(pieces[name].points), i, np.uint8) for i, name in enumerate(PARTS)])
    here = np.concatenate([pieces[name].points for name in PARTS])
    faces = np.concatenate([pieces[name].faces + first[name] for name in PARTS])

    follows, share = np.arange(total), np.zeros(total)
    share[: len(points)] = 1 - smoothstep(0, _REACH, skin.from_face)
    for rings in skin.rims.values():
        follows[rings[1:]] = rings[0]
        share[rings[1:]] = 1.0
    in_bag = first["mouth_bag"] + np.arange(len(bag.points))
    follows[in_bag] = np.append(np.tile(lips, len(in_bag) // len(lips)), lips[0])
    share[in_bag] = with_lips
    side = np.zeros(total, np.int8)
    side[: len(points)] = _sides(skin)
    side[in_bag] = np.append(np.tile(np.sign(half), len(in_bag) // len(lips)), 0)

    # 0 above, 1 below: what of the mouth rides on the jaw by itself.
    jaw = np.zeros(total)
    for name in ("teeth_lower", "gum_lower"):
        jaw[part == PARTS.index(name)] = 1
    jaw[part == PARTS.index("tongue")] = 0.92
    jaw[in_bag] = (1 - with_lips) * smoothstep(-0.25, 0.25, bag.points[:, 1] - 0.03)
    root = np.zeros(total)
    tilt = here[:, 1] - 0.28 * (here[:, 2] + 1.3)  # the neck's foot lies lower in front than behind
    root[: len(points)] = smoothstep(_NECK_TOP, _NECK_FOOT, tilt)[: len(points)]
    out_of_mouth = np.zeros(total)
    out_of_mouth[part == PARTS.index("tongue")] = out
    iris = np.zeros(total, np.uint8)
    kind = eyeball(np.zeros(3))[1]
    for name in ("eye_left", "eye_right"):
        iris[part == PARTS.index(name)] = kind
    return {
        "points": here.astype(np.float32),
        "faces": faces.astype(np.int32),
        "uv": _uv(skin, pieces).astype(np.float32),
        "part": part,
        "iris": iris,
        "side": side,
        "follows": follows.astype(np.int32),
        "share": share.astype(np.float32),
        "jaw": jaw.astype(np.float32),
        "root": root.astype(np.float32),
        "tongue": out_of_mouth.astype(np.float32),
        "lid_rims_left": skin.rims["Left"].astype(np.int32),
        "lid_rims_right": skin.rims["Right"].astype(np.int32),
    }


def _face(mean: Points) -> tuple[Piece, NDArray]:
    """Return the face, subdivided twice and smoothed, and the two vertices each new vertex lies between."""
    triangles = consistently_wound(face_triangles())
    triangles = wound_outwards(Piece(mean, triangles), np.array([0, 0.4, -1.0])).faces
    base = as_piece(triangles, mean)
    points, parents = base.points, []
    faces: Faces = base.faces
    for _ in range(2):
        faces, between = subdivide(faces, len(points))
        points = np.concatenate([points, 0.5 * (points[between[:, 0]] + points[between[:, 1]])])
        parents.append(between)
    hold = np.where(np.arange(len(points)) < len(mean) - 10, 0.3, 1e-3)
    return Piece(faired(Piece(points, faces), hold), faces), np.concatenate(parents)


def _symmetric(points: Points) -> Points:
    """Return points moved to the mean of themselves and their mirror images, where there is one close by."""
    mirrored = points * np.array([-1.0, 1, 1])
    distance, partner = (np.asarray(found) for found in KDTree(points).query(mirrored))
    good = distance < 0.02
    out = points.copy()
    out[good] = 0.5 * (points[good] + mirrored[partner[good]])
    return out


def _facing(piece: Piece, centre: NDArray) -> Piece:
    """Wind a piece so that its front looks towards `centre`."""
    away = wound_outwards(piece, centre)
    return Piece(away.points, np.ascontiguousarray(away.faces[:, ::-1]))


def _each_outwards(piece: Piece) -> Piece:
    """Wind every closed body of a piece outwards; bodies come one after another."""
    faces = piece.faces.copy()
    starts = [0] + [f for f in range(1, len(faces)) if faces[f].min() > faces[:f].max()]
    for low, high in zip(starts, [*starts[1:], len(faces)], strict=True):
        own = faces[low:high]
        faces[low:high] = wound_outwards(Piece(piece.points, own), piece.points[np.unique(own)].mean(0)).faces
    return Piece(piece.points, faces)


def _sides(skin: _Skin) -> NDArray[np.int8]:
    """Return on which side of the lip cut a vertex is: −1 above, 1 below; between two of one side that side."""
    points = skin.piece.points
    upper, lower = points[UPPER_LIP_INNER], points[LOWER_LIP_INNER]
    cut = np.interp(points[:, 0], upper[:, 0], 0.5 * (upper[:, 1] + lower[:, 1]))
    side = np.where(points[:, 1] > cut, 1, -1).astype(np.int8)
    side[UPPER_LIP_INNER[1:-1]], side[LOWER_LIP_INNER[1:-1]] = -1, 1
    corners = [UPPER_LIP_INNER[0], UPPER_LIP_INNER[-1]]
    known = side.astype(int)
    known[corners] = 0  # they belong to both
    for child, (a, b) in enumerate(skin.parents, 468):
        both = known[a] + known[b]
        known[child] = np.sign(both) if both else side[child]
    known[corners] = 1
    return known.astype(np.int8)


def _lip_half(skin: _Skin, lips: NDArray) -> NDArray[np.float64]:
    """Return −1 along the upper lip and 1 along the lower one, 0 at the corners."""
    half = _sides(skin)[lips].astype(float)
    half[[0, int(np.flatnonzero(lips == UPPER_LIP_INNER[-1])[0])]] = 0
    return half


def _uv(skin: _Skin, pieces: dict[str, Piece]) -> Points:
    rims = [skin.rims[side] for side in SIDES]
    front, up = np.array([0.0, 0, 1]), np.array([0.0, -1, 0])
    out = [skin_uv(skin.without_nostrils, skin.piece.faces, skin.oval, skin.hem, skin.on_face, rims)]
    discs = {"eye_left": (0.945, 0.95), "eye_right": (0.055, 0.95)}
    boxes = {
        "teeth_upper": ((0.24, 0.92), (0.48, 0.945)),
        "teeth_lower": ((0.24, 0.95), (0.48, 0.975)),
        "gum_upper": ((0.52, 0.92), (0.76, 0.945)),
        "gum_lower": ((0.52, 0.95), (0.76, 0.975)),
        "tongue": ((0.79, 0.92), (0.88, 0.99)),
    }
    for name in PARTS[1:]:
        points = pieces[name].points
        if name in discs:
            out.append(disc_uv(points, discs[name], 0.048, front, up))
        elif name in boxes:
            out.append(box_uv(points[:, [0, 2, 1]] if name == "tongue" else points, *boxes[name]))
        else:
            out.append(disc_uv(points - [0, 0, 0.4], (0.165, 0.95), 0.048, front, up))
    return np.concatenate(out)
