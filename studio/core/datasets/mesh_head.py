"""`MeshHead`: the built-in head with colours, hair and light of its own, drawn as Gaussians that lie on its triangles.

Everything about it is known exactly: its landmarks, its expression, its pose, its cameras.
"""

from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import AvatarState, Background, Consent
from studio.core.datasets.complexion import Complexion
from studio.core.datasets.hairstyles import Hair, Hairstyle, grown, mean_points
from studio.core.engines.lift.posing import surfel_axes
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.heads.anatomy import INTEROCULAR
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.heads.fitting import fit_head_pose
from studio.core.heads.full import JOINTS, PARTS, FullHead
from studio.core.heads.head import HeadParams
from studio.core.heads.normals import vertex_normals
from studio.core.motion.motion import Motion
from studio.core.motion.poses import turned_head
from studio.core.render.composite import Picture, composite
from studio.core.render.raster import Raster

# m between Gaussians on parts that are seen small and sharp, on the face, and on the rest; they overlap by this.
_FINE, _FACE, _COARSE, _SPREAD = 0.0008, 0.0014, 0.0026, 0.75
_THIN = 0.0004
_FINE_PARTS = [PARTS.index(name) for name in ("eye_left", "eye_right", "teeth_upper", "teeth_lower")]
_SKIN = PARTS.index("skin")
_WET = [PARTS.index(name) for name in ("eye_left", "eye_right", "teeth_upper", "teeth_lower", "tongue")]
_INSIDE = [PARTS.index(name) for name in PARTS if name not in ("skin", "eye_left", "eye_right")]
# How dark the inside of a shut mouth is, and of an open one.
_SHUT, _OPEN = 0.25, 0.8


@dataclass(frozen=True)
class Light:
    """Light from everywhere, and from two sides.

    Attributes
    ----------
    ambient
        ``[3]``.
    directions
        ``[2,3]`` unit vectors towards the lamps, in the torso's space.
    colors
        ``[2,3]``.
    """

    ambient: NDArray[np.float32]
    directions: NDArray[np.float32]
    colors: NDArray[np.float32]

    @staticmethod
    def drawn(rng: np.random.Generator) -> "Light":
        """Draw one; what faces the camera comes out about as bright as it is coloured."""
        ambient = rng.uniform(0.35, 0.75)
        tint = np.exp(rng.normal(0, 0.03, (3, 3)))
        directions = rng.normal(size=(2, 3)) * [1, 0.7, 0.4] + [[0, 0.4, 0.8], [0, 0, 0.1]]
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        facing = np.maximum(directions[:, 2], 0.15)
        strength = (1.08 - ambient) * np.array([0.75, 0.25]) / facing
        colors = np.minimum(strength, 1.1)[:, None] * tint[1:]
        return Light((ambient * tint[0]).astype(np.float32), directions.astype(np.float32), colors.astype(np.float32))

    def on(self, normals: NDArray, shine: NDArray, towards: NDArray) -> tuple[NDArray, NDArray]:
        """Return what light does to surfaces with normals ``[N,3]``: factors ``[N,3]``, and highlights ``[N,3]``.

        Parameters
        ----------
        shine
            ``[N]`` 0..1.
        towards
            ``[N,3]`` unit vectors to the camera.
        """
        diffuse = np.maximum(normals @ self.directions.T, 0) @ self.colors + self.ambient
        halves = self.directions[None] + towards[:, None]
        halves /= np.linalg.norm(halves, axis=2, keepdims=True)
        gloss = np.maximum((halves * normals[:, None]).sum(2), 0) ** 32
        return diffuse, shine[:, None] * (gloss @ self.colors)


class MeshHead:
    """See `studio.core.avatar.Avatar`; it cannot be saved.

    Parameters
    ----------
    landmarks
        ``[478,3]`` m in head space.
    """

    engine = "mesh"
    motion_space = "arkit"

    def __init__(
        self, landmarks: NDArray, complexion: Complexion, style: Hairstyle, light: Light, rng: np.random.Generator
    ) -> None:
        self.name, self.notes, self.consent = "rendered head", (), Consent()
        self.head = FullHead(landmarks)
        self.light = light
        self.pivot = np.array([0, 0, 0.45 * INTEROCULAR])
        frontal = Camera.frontal(640, 1500.0, 0.9)
        seen = frontal.project(np.asarray(landmarks, np.float64))
        seen[:, 2] = (seen[:, 2] - 0.9) * 1500 / 0.9
        self.camera = fit_head_pose(seen, 640, 640).camera
        self.head_box = np.array([*seen[:, :2].min(0), *seen[:, :2].max(0)])
        self.thumbnail = np.zeros((8, 8, 3), np.uint8)
        self.landmarks = np.asarray(landmarks, np.float64)
        self._lay(mean_points(), complexion, style, rng)
        self.hair = grown(self.head, mean_points(), style, rng)

    def _lay(self, mean: NDArray, complexion: Complexion, style: Hairstyle, rng: np.random.Generator) -> None:
        """Lay Gaussians on the triangles."""
        head = self.head
        part = head.part[head.faces[:, 0]]
        edges = head.neutral[head.faces].astype(np.float64)
        first, second = edges[:, 1] - edges[:, 0], edges[:, 2] - edges[:, 0]
        area = np.linalg.norm(np.cross(first, second), axis=1) / 2
        centre = mean[head.faces].mean(1)
        face = (centre[:, 2] > -1.4) & (np.abs(centre[:, 1] - 0.4) < 1.6)
        spacing = np.where(np.isin(part, _FINE_PARTS), _FINE, np.where(face & (part == _SKIN), _FACE, _COARSE))
        wanted = area / spacing**2
        count = np.floor(wanted + rng.uniform(size=len(wanted))).astype(int)
        count = np.maximum(count, (part == _SKIN) | (wanted > 0.3))
        self._face = np.repeat(np.arange(len(count)), count)
        share = rng.dirichlet([1, 1, 1], len(self._face))
        self._share = share.astype(np.float32)
        # A disc as large as the triangle's part, told by the triangle's edges so that it stretches with them; no larger
        # than the triangle, for those of the lips' rims are stretched manyfold.
        size = _SPREAD * np.sqrt(area / np.maximum(count, 1))
        length = np.maximum(np.linalg.norm(first, axis=1), 1e-9)
        u = first / length[:, None]
        aside = (second * u).sum(1)
        height = np.maximum(2 * area / length, 1e-9)
        along, up = np.minimum(size, _SPREAD * length), np.minimum(size, _SPREAD * height)
        rows = [np.stack([along / length, 0 * along], -1), np.stack([-aside / (length * height), 1 / height], -1)]
        rows[1] *= up[:, None]
        self._frame = np.stack(rows, 1).astype(np.float32)[self._face]
        points = (mean[head.faces[self._face]] * share[..., None]).sum(1)
        of = head.faces[self._face, share.argmax(1)]
        self._colors = complexion.colors(points, head.part[of], head.iris[of], style)
        parts = part[self._face]
        self._inside = np.isin(parts, _INSIDE)
        self._shine = np.where(np.isin(parts, _WET), 0.6, 0.06).astype(np.float32)

    def in_light(self, light: Light) -> "MeshHead":
        """Return the same head in other light."""
        other = copy(self)
        other.light = light
        return other

    def __len__(self) -> int:
        return len(self._face) + (len(self.hair) if self.hair else 0)

    def vertices(self, frame: Motion) -> NDArray[np.float32]:
        """Return where the mesh's vertices are ``[V,3]`` m, the torso at rest."""
        zero, pose = np.zeros(3, np.float32), frame.head_pose[0]
        points = self.head.vertices(HeadParams(zero, frame.code[0], zero, zero), pose[:3].astype(np.float64))
        return points + (1 - self.head.skin_weights[:, JOINTS.index("root"), None]) * pose[3:]

    def pose(self, frame: Motion, camera: Camera, out: Gaussians | None = None) -> Gaussians:
        """Return the Gaussians ``[N]`` of one ARKit frame, lit, with highlights for this camera."""
        posed = self.vertices(frame)
        normals = vertex_normals(posed, self.head.faces).astype(np.float32)
        corners = self.head.faces[self._face]
        triangles = posed[corners]
        means = np.einsum("nk,nkd->nd", self._share, triangles)
        sides = np.stack([triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]], 1)
        quats, scales = surfel_axes(self._frame @ sides, np.full(len(means), _THIN, np.float32))
        facing = np.einsum("nk,nkd->nd", self._share, normals[corners])
        diffuse, gloss = self.light.on(facing, self._shine, _towards(camera, means))
        open_mouth = _SHUT + (_OPEN - _SHUT) * min(1.0, 2 * float(frame.code[0, ARKIT_INDEX["jawOpen"]]))
        shade = np.where(self._inside, open_mouth, 1.0)[:, None]
        colors = self._colors * diffuse * shade + gloss * shade
        whole = [means, quats, scales, colors]
        if self.hair is not None:
            hair = _posed_hair(self.hair, self.light, frame, self.pivot)
            whole = [np.concatenate(pair) for pair in zip(whole, hair, strict=True)]
        means, quats, scales, colors = (np.ascontiguousarray(array, np.float32) for array in whole)
        opacities = np.full(len(means), 0.97, np.float32)
        opacities[len(self._face) :] = 0.75
        return Gaussians(means, quats, scales, opacities, np.clip(colors, 0, 1))

    def shade(
        self, raster: Raster, frame: Motion, camera: Camera, background: Background, out: Picture | None = None
    ) -> Picture:
        """Composite over a colour or a picture; it has no plate of its own."""
        return composite(raster, None if isinstance(background, str) else background, out)

    def state(self) -> AvatarState:
        """Refuse: it is drawn anew from its seed."""
        raise NotImplementedError("a rendered head is not saved")


def _towards(camera: Camera, points: NDArray[np.float32]) -> NDArray[np.float32]:
    away = camera.position.astype(np.float32) - points
    return away / np.linalg.norm(away, axis=1, keepdims=True)


def _posed_hair(hair: Hair, light: Light, frame: Motion, middle: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Turn hair with the head; it is lit as strands are, across their direction (Kajiya and Kay, 1989).

    Returns
    -------
    Means, quats, scales and colours.
    """
    matrix = turned_head(frame.head_pose[0])
    turn = matrix[:3, :3].astype(np.float32)
    means = hair.means @ turn.T + matrix[:3, 3].astype(np.float32)
    quats, scales = surfel_axes(hair.tangents @ turn.T, hair.thickness)
    along = hair.along @ turn.T
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    across = np.sqrt(np.maximum(1 - (along @ light.directions.T) ** 2, 0))
    # Half of the head is in its own shadow.
    outward = means - middle.astype(np.float32)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    lit = np.clip(0.5 + 0.5 * outward @ light.directions.T, 0, 1)
    diffuse = (across * lit) @ light.colors + light.ambient
    return means, quats, scales, hair.colors * diffuse + 0.12 * (across**24 * lit) @ light.colors
