"""The built-in head as a whole: skin down to the shoulders, eyes, teeth, tongue, joints and the 52 ARKit shapes.

The mean head is an asset (``tools/build_head_template.py``); one person's is that head warped to their landmarks.
Its shapes are those of `shapes.FaceShapes`; jaw, eyes and neck turn by linear blend skinning.
"""

from functools import cached_property, lru_cache

import numpy as np
import safetensors.numpy
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import KDTree

from studio.core.assets import asset_bytes
from studio.core.heads.anatomy import SIDES, smoothstep, to_face, to_head
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.eyes import EYE_RADIUS, LID_CLEARANCE, eye_centre, lid_rims, pushed_out
from studio.core.heads.head import HeadParams
from studio.core.heads.identity import N_MESH_LANDMARKS, Identity
from studio.core.heads.normals import vertex_normals
from studio.core.heads.shapes import JAW_ANGLE, FaceShapes
from studio.core.heads.skinning import joint_transforms, rotation_matrices, skin
from studio.core.heads.template import shape_weights
from studio.core.render.numba_runtime import SAFE_KERNEL

PARTS = (
    "skin", "eye_left", "eye_right", "teeth_upper", "teeth_lower", "gum_upper", "gum_lower", "tongue", "mouth_bag",
)  # fmt: skip
JOINTS = ("root", "neck", "jaw", "eye_left", "eye_right")
"""Neck hangs on root; jaw and eyes hang on the neck."""
_PARENTS = np.array([0, 0, 1, 1, 1])

GAZE = {"In": 0.52, "Out": 0.56, "Up": 0.40, "Down": 0.48}
"""rad that an eye turns at 1."""

CORRECTIVES = ("closeGap", "closeJaw") + tuple(
    f"{name}{side}" for side in SIDES for name in ("smileJaw", "blinkHalf", "blinkLookDown", "blinkLookUp")
)
"""Shapes beyond the 52 whose weight follows from them; see `full_weights`."""

FULL_SHAPES: tuple[str, ...] = ARKIT_NAMES + CORRECTIVES

_NECK_JOINT = np.array([0.0, 1.75, -1.45])
_ROOT_JOINT = np.array([0.0, 3.20, -1.50])
# The mouth bag keeps this much room behind the skin, where it has it at rest; skin counts that faces the front so.
_ROOM, _FACES_FRONT = 0.06, 0.3


@lru_cache(maxsize=1)
def _asset() -> dict[str, NDArray]:
    arrays = safetensors.numpy.load(asset_bytes("head_template.safetensors"))
    whole = {name.removeprefix("head."): array for name, array in arrays.items() if name.startswith("head.")}
    return whole | {"mean": arrays["mean_landmarks"].astype(np.float64)}


class FullHead:
    """The whole head in one person's shape.

    Parameters
    ----------
    landmarks
        ``[478,3]`` m in head space; by default the mean face.

    Attributes
    ----------
    neutral
        ``[V,3]`` float32 m in head space; the first 468 vertices are the landmarks'.
    faces
        ``[F,3]`` int32, counter-clockwise from outside (of the mouth bag: from inside).
    uv
        ``[V,2]`` float32, (0, 0) the texture's upper left corner.
    part
        ``[V]`` uint8, index into `PARTS`. The skin is closed but for four loops: behind the lids of either eye, along
        the lips' inner edge, where the mouth bag takes over, and at the lower end of the bust. All other parts but
        the bag are closed.
    iris
        ``[V]`` uint8: 1 on an iris, 2 on a pupil.
    joints
        ``[5,3]`` float32 m, the centres of `JOINTS`.
    skin_weights
        ``[V,5]`` float32, rows sum to 1.
    """

    expression_names = ARKIT_NAMES

    def __init__(self, landmarks: NDArray | None = None) -> None:
        asset = _asset()
        mean = asset["mean"]
        face = mean if landmarks is None else to_face(landmarks)
        points = asset["points"].astype(np.float64)
        self.faces: NDArray[np.int32] = asset["faces"]
        self.uv: NDArray[np.float32] = asset["uv"]
        self.part: NDArray[np.uint8] = asset["part"]
        self.iris: NDArray[np.uint8] = asset["iris"]
        self._side, self._follows, self._share = asset["side"], asset["follows"], asset["share"].astype(np.float64)
        self._tongue, self._rides_on_jaw = asset["tongue"].astype(np.float64), asset["jaw"].astype(np.float64)

        identity = Identity(face, mean, points[:N_MESH_LANDMARKS])
        warped = np.isin(self.part, [PARTS.index("skin"), PARTS.index("mouth_bag")])
        own = points.copy()
        own[warped] = identity(points[warped])
        self.shapes = FaceShapes(np.concatenate([own[:N_MESH_LANDMARKS], face[N_MESH_LANDMARKS:]]))
        self._set_teeth(own, points)
        self._eyes = {side: self._set_eye(own, points, asset[f"lid_rims_{side.lower()}"], side) for side in SIDES}
        self._margins = {side: asset[f"lid_rims_{side.lower()}"][0] for side in SIDES}
        self._face = own
        self.neutral = to_head(own).astype(np.float32)
        self.joints = to_head(
            np.stack([_ROOT_JOINT, _NECK_JOINT, self.shapes.hinge, *(self._eyes[s][0] for s in ("Left", "Right"))])
        ).astype(np.float32)
        self.skin_weights = self._skin_weights(asset["root"])

    def of(self, part: str) -> NDArray[np.bool_]:
        """Return which vertices ``[V]`` belong to one of `PARTS`."""
        return self.part == PARTS.index(part)

    def vertices(self, params: HeadParams, neck: NDArray | None = None) -> NDArray[np.float32]:
        """Return the posed vertices ``[V,3]`` m in head space.

        Parameters
        ----------
        params
            Its expression poses the face; jaw and eyes turn as it says. The identity is this head's own.
        neck
            ``[3]`` axis-angle rad by which the head turns on the resting shoulders.
        """
        moved = self.neutral
        if params.expression.any():  # at rest the shapes, which take a while to make, are not asked for
            moved = moved.copy()
            _add_shapes(full_weights(params.expression), self.deltas.reshape(len(FULL_SHAPES), -1), moved.reshape(-1))
        turns = self.joint_turns(params.expression, np.zeros(3) if neck is None else neck)
        transforms = joint_transforms(rotation_matrices(turns), self.joints.astype(np.float64), _PARENTS)
        return skin(moved, self.skin_weights, transforms)

    def joint_turns(self, code: NDArray, neck: NDArray) -> NDArray[np.float64]:
        """Return how each of `JOINTS` turns in its parent for an ARKit code ``[52]``: ``[5,3]`` axis-angle rad."""
        value = dict(zip(ARKIT_NAMES, np.asarray(code, np.float64).tolist(), strict=True))
        turns = [np.zeros(3), np.asarray(neck, np.float64), np.array([JAW_ANGLE * value["jawOpen"], 0, 0])]
        for side in ("Left", "Right"):
            look = {way: angle * value[f"eyeLook{way}{side}"] for way, angle in GAZE.items()}
            turns.append(np.array([look["Down"] - look["Up"], (look["Out"] - look["In"]) * SIDES[side], 0]))
        return np.stack(turns)

    @cached_property
    def deltas(self) -> NDArray[np.float32]:
        """Displacement ``[S,V,3]`` m of each of `FULL_SHAPES` at 1, without the joints' turns."""
        follows = np.flatnonzero(self._share)
        on_skin = self.shapes.skin(self._face[self._follows[follows]], self._side[follows])
        fields = {name: np.zeros_like(self._face) for name in on_skin}
        for name, field in on_skin.items():
            fields[name][follows] = field * self._share[follows, None]
        fields["closeJaw"] = self._before_jaw(fields["closeJaw"])
        self._carry_inner_mouth(fields)
        self._keep_inside(fields)
        self._correct(fields)
        origin = to_head(np.zeros(3))
        out = np.empty((len(FULL_SHAPES), len(self._face), 3), np.float32)
        for displacement, name in zip(out, FULL_SHAPES, strict=True):
            displacement[:] = to_head(fields[name]) - origin
        return out

    def _before_jaw(self, field: NDArray) -> NDArray[np.float64]:
        """Return the displacement that becomes `field` where the jaw, all open, then turns it by its weights."""
        w = self.skin_weights[:, JOINTS.index("jaw")]
        along, across = 1 - w + w * np.cos(JAW_ANGLE), w * np.sin(JAW_ANGLE)
        x, y, z = field.T
        # The inverse of the turn in `FaceShapes.jaw_rotation`, blended with standing still.
        return np.column_stack([x, along * y - across * z, along * z + across * y]) / np.column_stack(
            [np.ones_like(w), along**2 + across**2, along**2 + across**2]
        )

    def _carry_inner_mouth(self, fields: dict[str, NDArray]) -> None:
        """Let lower teeth and tongue go with the jaw, and the tongue come out."""
        lip = self.shapes.landmarks[[14]]
        at_lip = self.shapes.skin(lip, np.ones(1))
        for name in ("jawForward", "jawLeft", "jawRight"):
            fields[name] = fields[name] + self._rides_on_jaw[:, None] * at_lip[name]
        # Up over the lower teeth, out between the lips, and down at its tip.
        over, droop = smoothstep(0.1, 0.55, self._tongue), smoothstep(0.75, 1.0, self._tongue)
        path = np.column_stack([np.zeros(len(over)), 0.10 * droop - 0.19 * over, 0.54 * self._tongue**1.3])
        fields["tongueOut"] = fields["tongueOut"] + self._mouth_scale * path

    def _keep_inside(self, fields: dict[str, NDArray]) -> None:
        """Draw the mouth bag back where lips and cheeks that press in would else let it through."""
        points = self._face
        skin = self.of("skin") & (np.abs(points[:, :2] - self.shapes.landmarks[13, :2]) < 0.9).all(1)
        skin &= self._follows == np.arange(len(skin))
        # The face frame is mirrored (y points down), so what turns inwards there turns outwards.
        skin &= -vertex_normals(points, self.faces)[:, 2] > _FACES_FRONT
        bag = self.of("mouth_bag") & (self._share < 1)
        room = np.minimum(_depth_inside(points[bag], points[skin]), _ROOM)
        for field in fields.values():
            if np.abs(field[skin]).max() > 0:
                left = _depth_inside(points[bag] + field[bag], points[skin] + field[skin])
                field[bag, 2] -= np.clip(room - left, 0, None)

    def _correct(self, fields: dict[str, NDArray]) -> None:
        """Keep lids on the eyeball and add the correctives."""
        for side in SIDES:
            centre, radius = self._eyes[side]
            ball = radius + LID_CLEARANCE
            # Rims behind the lids ride with their edges; all others must stay outside.
            lid = self.of("skin") & (np.linalg.norm(self._face - centre, axis=1) < 2.2 * radius)
            lid &= self._follows == np.arange(len(lid))
            rest, rims = self._face[lid], self.of("skin") & (self._follows != np.arange(len(lid)))
            self._meet(fields[f"eyeBlink{side}"], side)
            for name in ("eyeBlink", "eyeSquint", "eyeLookDown", "eyeLookUp"):
                moved = rest + fields[name + side][lid]
                fields[name + side][lid] = pushed_out(moved, centre, ball) - rest
                fields[name + side][rims] = fields[name + side][self._follows[rims]]
            shut, half = fields[f"eyeBlink{side}"], np.zeros_like(self._face)
            # Half-way a lid that goes straight from open to shut would cut the eyeball.
            way = rest + 0.5 * shut[lid]
            half[lid] = pushed_out(way, centre, ball) - way
            half[rims] = half[self._follows[rims]]
            fields[f"blinkHalf{side}"] = half
            # A shut lid has nowhere further to follow the gaze.
            fields[f"blinkLookDown{side}"] = -fields[f"eyeLookDown{side}"]
            fields[f"blinkLookUp{side}"] = -fields[f"eyeLookUp{side}"]
            # An open jaw holds the corners back and down.
            fields[f"smileJaw{side}"] = -0.25 * fields[f"mouthSmile{side}"] * [1, 1, 0.6]

    def _meet(self, shut: NDArray, side: str) -> None:
        """Bring the edge of the upper lid exactly onto, and a little over, that of the lower one."""
        margin = self._margins[side]
        n = len(margin) // 2
        upper, lower = margin[1:n], margin[:n:-1]
        x = self._face[lower, 0]
        order = np.argsort(x)
        line = (self._face[lower] + shut[lower])[order, 1]
        shut[upper, 1] = np.interp(self._face[upper, 0], x[order], line) + 0.006 - self._face[upper, 1]

    def _set_teeth(self, own: NDArray, mean: NDArray) -> None:
        """Place the dental arches and the tongue behind the lips, unbent, as large as the mouth."""
        lips = self.shapes.landmarks
        rest = mean[[13, 14]].mean(0) * [0, 1, 1]
        corners = mean[[61, 291], 0]
        k = self._mouth_scale = float(np.clip(2 * self.shapes.half_width / (corners[1] - corners[0]), 0.7, 1.6))
        for names, lip in ((("teeth_upper", "gum_upper"), 13), (("teeth_lower", "gum_lower", "tongue"), 14)):
            place = np.array([self.shapes.lip_x, lips[lip, 1], self.shapes.lip_z])
            chosen = np.isin(self.part, [PARTS.index(name) for name in names])
            own[chosen] = (mean[chosen] - rest) * k + place

    def _set_eye(self, own: NDArray, mean: NDArray, rims: NDArray, side: str) -> tuple[NDArray[np.float64], float]:
        """Place one eyeball behind its lids, as large as they ask for; returns its centre and radius."""
        margin = own[rims[0]]
        width = np.ptp(margin[:, 0]) / np.ptp(mean[rims[0], 0])
        # Lids differ more than eyes do.
        radius = EYE_RADIUS * float(np.clip(width, 0.7, 4.0)) ** 0.6
        centre = eye_centre(margin, radius)
        ball = self.of(f"eye_{side.lower()}")
        own[ball] = (mean[ball] - eye_centre(mean[rims[0]])) * (radius / EYE_RADIUS) + centre
        own[rims[1:]] = lid_rims(margin, centre, radius)
        return centre, radius

    def _skin_weights(self, root: NDArray) -> NDArray[np.float32]:
        jaw = self.shapes.jaw_weight(self._face[self._follows], self._side) * self._share
        weights = np.zeros((len(self._face), len(JOINTS)))
        weights[:, 0] = root
        weights[:, 2] = np.clip(jaw + self._rides_on_jaw, 0, 1) * (1 - weights[:, 0])
        weights[:, 3], weights[:, 4] = self.of("eye_left"), self.of("eye_right")
        weights[:, 1] = 1 - weights.sum(1)
        return weights.astype(np.float32)


def _depth_inside(points: NDArray, skin: NDArray) -> NDArray[np.float64]:
    """Return how far points ``[n,3]`` lie behind the skin ``[m,3]`` before them."""
    # Asked little: a tree that is quick to make.
    _, nearest = KDTree(skin[:, :2], balanced_tree=False, compact_nodes=False).query(points[:, :2])
    return skin[nearest, 2] - points[:, 2]


@njit(**SAFE_KERNEL)
def _add_shapes(weights, deltas, points):
    for shape in range(len(weights)):
        weight = weights[shape]
        if weight != 0:
            for k in range(len(points)):
                points[k] += weight * deltas[shape, k]


def full_weights(code: NDArray) -> NDArray[np.float32]:
    """Return the weight of each of `FULL_SHAPES` ``[S]`` for an ARKit code ``[52]``.

    The first two correctives are those of `template.shape_weights`. The others meet where two shapes do: a smile on
    an open jaw, a shut eye that looks up or down; and a lid on its way round the eyeball is furthest from the straight
    line between open and shut when it is half shut.
    """
    value = np.asarray(code, np.float32)

    def at(name: str) -> float:
        return float(value[ARKIT_INDEX[name]])

    extra = []
    for side in SIDES:
        blink = at(f"eyeBlink{side}")
        extra += [
            at(f"mouthSmile{side}") * at("jawOpen"),
            4 * blink * (1 - blink),
            blink * at(f"eyeLookDown{side}"),
            blink * at(f"eyeLookUp{side}"),
        ]
    return np.concatenate([shape_weights(value), np.array(extra, np.float32)])
