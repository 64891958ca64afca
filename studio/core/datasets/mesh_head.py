"""`MeshHead`: the built-in head with colours, hair and light of its own, drawn as Gaussians that lie on its triangles.

Everything about it is known exactly: its landmarks, its expression, its pose, its cameras.
"""

from copy import copy
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import AvatarState, Background, Consent
from studio.core.datasets.complexion import Complexion
from studio.core.datasets.hairstyles import Hairstyle, grown, mean_points
from studio.core.datasets.lighting import Light, lay_on_triangles, light_skin, light_strands
from studio.core.engines.lift.posing import fill_axes, surfel_axes
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.gaussians.turning import turned_quats
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
_FINE, _FACE, _COARSE, _SPREAD = 0.0010, 0.0019, 0.0038, 0.75
_THIN = 0.0004
_SOLID, _STRAND = 0.97, 0.75  # opacities
_FINE_PARTS = [PARTS.index(name) for name in ("eye_left", "eye_right", "teeth_upper", "teeth_lower")]
_SKIN = PARTS.index("skin")
_WET = [PARTS.index(name) for name in ("eye_left", "eye_right", "teeth_upper", "teeth_lower", "tongue")]
_INSIDE = [PARTS.index(name) for name in PARTS if name not in ("skin", "eye_left", "eye_right")]
# How dark the inside of a shut mouth is, and of an open one.
_SHUT, _OPEN = 0.25, 0.8


@dataclass(frozen=True, eq=False)
class _Posed:
    """A head as it was posed last.

    Attributes
    ----------
    result
        What was handed out: whoever hands it back has not changed it.
    tangents, facing, reached
        ``[F,2,3]`` m, ``[F,3]`` unit normals, and how much light reaches ``[F]``, of those on triangles.
    along
        ``[H,3]`` m, of those of hair.
    """

    frame: Motion
    result: Gaussians
    tangents: NDArray[np.float32]
    facing: NDArray[np.float32]
    reached: NDArray[np.float32]
    along: NDArray[np.float32] | None


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
        if self.hair is not None:
            self._hair_quats, self._hair_scales = surfel_axes(self.hair.tangents, self.hair.thickness)
        self._thickness = np.full(len(self._face), _THIN, np.float32)
        self._posed: _Posed | None = None

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
        other.light, other._posed = light, None
        return other

    def __len__(self) -> int:
        return len(self._face) + (len(self.hair) if self.hair else 0)

    def vertices(self, frame: Motion) -> NDArray[np.float32]:
        """Return where the mesh's vertices are ``[V,3]`` m, the torso at rest."""
        zero, pose = np.zeros(3, np.float32), frame.head_pose[0]
        points = self.head.vertices(HeadParams(zero, frame.code[0], zero, zero), pose[:3].astype(np.float64))
        return points + (1 - self.head.skin_weights[:, JOINTS.index("root"), None]) * pose[3:].astype(np.float32)

    def pose(self, frame: Motion, camera: Camera, out: Gaussians | None = None) -> Gaussians:
        """Return the Gaussians ``[N]`` of one ARKit frame, lit, with highlights for this camera."""
        posed = self._posed
        # Several cameras look at one moment.
        if posed is None or posed.result is not out or posed.frame is not frame:
            posed = self._moved(frame, out)
        n, light, means = len(self._face), self.light, posed.result.means
        colors = np.empty((len(self), 3), np.float32)
        lamps = light.ambient, light.directions, light.colors
        eye, middle = camera.position.astype(np.float32), self.pivot.astype(np.float32)
        light_skin(means[:n], posed.facing, self._colors, self._shine, posed.reached, eye, *lamps, colors[:n])
        if self.hair is not None:
            light_strands(means[n:], posed.along, self.hair.colors, middle, *lamps, colors[n:])
        self._posed = replace(posed, result=replace(posed.result, colors=colors))
        return self._posed.result

    def _moved(self, frame: Motion, out: Gaussians | None) -> _Posed:
        """Return where one frame has everything, not lit yet."""
        n = len(self._face)
        if out is None or len(out) != len(self) or not out.on_host:
            means, quats, scales = (np.empty((len(self), columns), np.float32) for columns in (3, 4, 3))
            out = Gaussians(means, quats, scales, np.empty(len(self), np.float32), means)
        if self._posed is None:
            tangents, facing = np.empty((n, 2, 3), np.float32), np.empty((n, 3), np.float32)
        else:
            tangents, facing = self._posed.tangents, self._posed.facing
        vertices = self.vertices(frame)
        normals = vertex_normals(vertices, self.head.faces).astype(np.float32)
        lay_on_triangles(
            vertices, normals, self.head.faces, self._face, self._share, self._frame, out.means[:n], tangents, facing
        )
        fill_axes(tangents, self._thickness, out.quats[:n], out.scales[:n])
        out.opacities[:n], out.opacities[n:] = _SOLID, _STRAND
        along = None
        if self.hair is not None:
            matrix = turned_head(frame.head_pose[0]).astype(np.float32)
            turn = matrix[:3, :3]
            out.means[n:] = self.hair.means @ turn.T + matrix[:3, 3]
            out.quats[n:], out.scales[n:] = turned_quats(self._hair_quats, turn), self._hair_scales
            along = self.hair.along @ turn.T
        open_mouth = min(1.0, 2 * float(frame.code[0, ARKIT_INDEX["jawOpen"]]))
        reached = np.where(self._inside, np.float32(_SHUT + (_OPEN - _SHUT) * open_mouth), np.float32(1))
        return _Posed(frame, out, tangents, facing, reached, along)

    def shade(
        self, raster: Raster, frame: Motion, camera: Camera, background: Background, out: Picture | None = None
    ) -> Picture:
        """Composite over a colour or a picture; it has no plate of its own."""
        return composite(raster, None if isinstance(background, str) else background, out)

    def state(self) -> AvatarState:
        """Refuse: it is drawn anew from its seed."""
        raise NotImplementedError("a rendered head is not saved")
