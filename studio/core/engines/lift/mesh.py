"""The head as a mesh: the built-in head in the person's shape, painted with what the Gaussians show of it.

The avatar is drawn from all sides, and every texel takes the colours of the views that see it, most of all of the one
that looks straight at it. What no view sees, the mouth's inside but for an open jaw, takes the colour next to it.
"""

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import render_frame
from studio.core.framing import portrait_camera
from studio.core.heads.anatomy import LOWER_LID, SIDES, UPPER_LID
from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.heads.full import PARTS, FullHead
from studio.core.heads.head import HeadParams
from studio.core.heads.identity import N_MESH_LANDMARKS
from studio.core.heads.mesh_file import HeadMesh
from studio.core.heads.template import mean_landmarks
from studio.core.jobs import Job, Stopwatch
from studio.core.motion.motion import Motion
from studio.core.perception.masks import pixels_at, sampled, spread
from studio.core.render.zbuffer import corner_shares, nearest_triangles

if TYPE_CHECKING:
    from studio.core.engines.lift.avatar import LiftAvatar

TEXTURE = 1024
"""px of the texture's side."""

_PICTURE = 1024  # px of the longer side of a view
# Yaw and pitch, degrees, from which the head is painted; the portrait's own view counts so many times.
_AROUND = tuple((yaw, 0) for yaw in range(-150, 181, 30)) + ((0, -35), (0, 50), (180, 50))
_OWN_COUNTS = 4.0
_OPEN = {"jawOpen": 0.9, "mouthUpperUpLeft": 0.6, "mouthUpperUpRight": 0.6}
_GAZES = ("eyeLookOutLeft", "eyeLookInLeft", "eyeLookUpLeft", "eyeLookDownLeft")
_SKIN = PARTS.index("skin")
_EYES = [PARTS.index("eye_left"), PARTS.index("eye_right")]
_TEETH = [PARTS.index("teeth_upper"), PARTS.index("teeth_lower")]
# m by which skin may lie behind the nearest triangle and still be seen; views at a flat angle count less.
_SAME, _SHARPNESS = 0.004, 3
# Whites of eyes and teeth are as light as this share of what is seen of them: the rest is lid, lip and shadow.
_WHITE = 0.8
_SOLID = 0.9


def head_mesh(avatar: "LiftAvatar") -> Job[HeadMesh]:
    """Return the head with its neck and bust, bald, the hair painted on, and the 52 ARKit shapes."""
    watch = Stopwatch()
    yield watch.progress(0.0, "shaping the mesh")
    head = FullHead(_landmarks(avatar))
    atlas = _Atlas(head)
    parts = head.part[head.faces[:, 0]][atlas.face]
    eyes = np.isin(parts, _EYES)
    mouth = ~eyes & (parts != _SKIN)
    jobs = [({}, view, ~mouth) for view in _AROUND]
    jobs += [(_OPEN, (0, pitch), mouth) for pitch in (-15, 0, 15)]
    jobs += [({gaze: 0.8, _other_eye(gaze): 0.8}, (0, 0), eyes) for gaze in _GAZES]
    total, weight = np.zeros((len(atlas.face), 3)), np.zeros(len(atlas.face))
    for i, (expression, (yaw, pitch), painted) in enumerate(jobs):
        yield watch.progress(0.05 + 0.85 * i / len(jobs), "painting the mesh")
        color, share = _seen(avatar, head, atlas, Motion.arkit(0.0, None, **expression), yaw, pitch)
        share *= painted * (_OWN_COUNTS if (yaw, pitch) == (0, 0) else 1.0)
        total += share[:, None] * color
        weight += share
    yield watch.progress(0.9, "filling what nothing shows")
    color, known = total / np.maximum(weight, 1e-9)[:, None], weight > 1e-3
    _whiten(color, known, eyes & (head.iris[head.faces[atlas.face, 0]] == 0))
    _whiten(color, known, np.isin(parts, _TEETH))
    texture = atlas.filled(color, known, parts)
    zero = np.zeros(3, np.float32)
    rest = np.zeros(len(ARKIT_NAMES), np.float32)
    shapes = {}
    for i, name in enumerate(ARKIT_NAMES):
        code = rest.copy()
        code[i] = 1
        shapes[name] = head.vertices(HeadParams(zero, code, zero, zero)) - head.neutral
    return HeadMesh(head.neutral, head.faces.astype(np.uint32), head.uv, texture, shapes)


def _landmarks(avatar: "LiftAvatar") -> NDArray[np.float64]:
    """Return ``[478,3]`` m: the rig's own, and the mean face's irises in its eyes."""
    mean = mean_landmarks()
    own = avatar.rig.vertices[:N_MESH_LANDMARKS].astype(np.float64)
    irises = mean[N_MESH_LANDMARKS:].copy()
    for i, side in enumerate(SIDES):
        lids = UPPER_LID[side] + LOWER_LID[side]
        irises[5 * i : 5 * i + 5] += own[lids].mean(0) - mean[lids].mean(0)
    return np.concatenate([own, irises])


def _whiten(color: NDArray, known: NDArray[np.bool_], white: NDArray[np.bool_]) -> None:
    """Give what is `white` ``[M]`` and not known, or known as something darker, the white that is seen most."""
    light = color.mean(1)
    if (white & known).any():
        bright = np.quantile(light[white & known], _WHITE)
        chosen = white & known & (light >= bright)
        dark = white & (~known | (light < 0.6 * bright))
        color[dark] = color[chosen].mean(0)
        known |= white


def _other_eye(gaze: str) -> str:
    """Return the channel that turns the right eye along."""
    return gaze.replace("Out", "?").replace("In", "Out").replace("?", "In").replace("Left", "Right")


class _Atlas:
    """The texture's texels that show something: their triangle and where in it they are.

    Attributes
    ----------
    face
        ``[M]`` index of the triangle.
    corners
        ``[M,3]`` shares of its three corners.
    """

    def __init__(self, head: FullHead) -> None:
        flat = np.column_stack([head.uv * TEXTURE, np.zeros(len(head.uv))]).astype(np.float32)
        painted = nearest_triangles(flat, head.faces, TEXTURE, TEXTURE)
        self._there = painted >= 0
        self.face = painted[self._there]
        row, column = np.nonzero(self._there)
        place = np.column_stack([column, row]) + 0.5
        a, b, c = (flat[head.faces[self.face, k], :2].astype(np.float64) for k in range(3))
        self.corners = corner_shares(place, a, b, c)

    def on(self, values: NDArray, faces: NDArray) -> NDArray[np.float64]:
        """Carry values ``[V,C]`` of the vertices to the texels ``[M,C]``."""
        return (values[faces[self.face]] * self.corners[..., None]).sum(1)

    def filled(self, color: NDArray, known: NDArray[np.bool_], parts: NDArray) -> NDArray[np.uint8]:
        """Return the texture ``[T,T,3]``; what is not known takes the nearest colour of its part."""
        picture = np.zeros((TEXTURE, TEXTURE, 3), np.float32)
        for part in np.unique(parts):
            here = parts == part
            mask, own = np.zeros_like(self._there), np.zeros_like(self._there)
            own[self._there] = here
            mask[self._there] = here & known
            values = np.zeros_like(picture)
            values[self._there] = color
            if mask.any():
                picture[own] = spread(values, mask)[0][own]
        # Sampling reaches beyond the triangles.
        beyond, _ = spread(picture, self._there)
        return np.round(255 * np.clip(beyond, 0, 1)).astype(np.uint8)


def _seen(
    avatar: "LiftAvatar", head: FullHead, atlas: _Atlas, frame: Motion, yaw: float, pitch: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the colour ``[M,3]`` that a view gives each texel, and how much it counts ``[M]``."""
    camera = portrait_camera(avatar, _PICTURE)
    camera = camera.orbited(avatar.pivot, np.radians(yaw), np.radians(pitch)).zoomed(0.8)
    rgba = render_frame(avatar, frame, camera, "transparent")
    zero = np.zeros(3, np.float32)
    vertices = head.vertices(HeadParams(zero, frame.code[0], zero, zero)).astype(np.float64)
    flat = camera.project(vertices).astype(np.float32)
    nearest = nearest_triangles(flat, head.faces, camera.height, camera.width)
    depth = flat[head.faces, 2].mean(1)
    place = atlas.on(vertices, head.faces)
    projected = camera.project(place)
    front = nearest[pixels_at(projected[:, :2], nearest.shape)]
    inside = (projected[:, :2] > 0).all(1) & (projected[:, :2] < [camera.width, camera.height]).all(1)
    part = head.part[head.faces[:, 0]]
    # Lids lie close before the eyes, and lips before the teeth: there the triangle must be of the same part.
    before = projected[:, 2] < depth[front] + _SAME
    visible = inside & ((front < 0) | np.where(part[atlas.face] == _SKIN, before, part[front] == part[atlas.face]))
    a, b, c = (vertices[head.faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-15)
    toward = camera.position - place
    cosine = (normal[atlas.face] * toward).sum(1) / np.linalg.norm(toward, axis=1)
    # The bag's triangles face inwards.
    cosine = np.where(part[atlas.face] == PARTS.index("mouth_bag"), abs(cosine), cosine)
    solid = cv2.erode(rgba[..., 3], np.ones((3, 3), np.uint8))[pixels_at(projected[:, :2], nearest.shape)] > _SOLID
    color = sampled(np.ascontiguousarray(rgba[..., :3]), projected[:, :2]).astype(np.float64)
    return color, visible * solid * np.clip(cosine, 0, 1) ** _SHARPNESS
