"""`prepare_portrait`: a decoded picture becomes a `Portrait` every engine can start from."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.errors import NoFaceFoundError, UserError
from studio.core.gaussians.camera import HEAD_TO_CAMERA_AXES
from studio.core.heads.anatomy import eye_centres, smoothstep, to_face
from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.heads.fitting import HeadPose, fit_head_pose, rotation_vector
from studio.core.heads.head import HeadParams
from studio.core.heads.template import mean_landmarks
from studio.core.jobs import Job, Progress
from studio.core.perception.landmarks import Face, find_faces, landmark_box
from studio.core.perception.masks import distance_inside, resized, sampled, spread
from studio.core.perception.matting import paint_out, person_matte, settle_edges, settle_hair
from studio.core.perception.regions import find_regions

MIN_FACE = 64
"""px; a smaller face holds too little to build from."""

# Engines work on a face of about this height: the picture is scaled to it, within these bounds.
_FACE_HEIGHT = 256
_MAX_UPSCALE = 2.5
_MIN_LONG_SIDE = 512
_MAX_LONG_SIDE = 1200
# Where the face is less than this part of the picture's shorter side, or would be shrunk much to keep the longer side
# within its bound, a bust is cropped from the picture.
_SMALL_FACE = 0.16
_BUST = 5.0
# px of the file at the person's edge that may show background.
_RIM = 3.0


class FacesFoundError(UserError):
    """Several faces and none chosen; `boxes` ``[B,4]`` px of the picture, the largest face first."""

    def __init__(self, boxes: NDArray[np.float32]) -> None:
        super().__init__(
            f"The picture shows {len(boxes)} faces; choose one with --face 1 to --face {len(boxes)} "
            "(1 is the largest), or click it in the window."
        )
        self.boxes = boxes


@dataclass(frozen=True, eq=False)
class Portrait:
    """A prepared picture.

    Attributes
    ----------
    rgb
        ``[H,W,3]`` float32 0..1, scaled so that the face is about 256 px high.
    alpha
        ``[H,W]`` float32 0..1: the person.
    landmarks
        ``[478,3]`` float32 px; z in px, smaller is nearer (MediaPipe's face mesh with irises).
    plate
        ``[H,W,3]`` float32 0..1: the background with the person painted out.
    foreground
        ``[H,W,3]`` float32 0..1: the person's own colour, free of background at soft edges.
    source
        ``[h,w,3]`` float32 0..1: the same view in the file's own pixels where `rgb` was enlarged, else `rgb` itself.
    scale
        px of this picture per px of the file (which it may be cropped from).
    own_alpha
        True where alpha came with the file and is final.
    notes
        Sentences for the user about anything that will hurt quality.
    """

    rgb: NDArray[np.float32]
    alpha: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    plate: NDArray[np.float32]
    foreground: NDArray[np.float32]
    source: NDArray[np.float32]
    name: str = "portrait"
    scale: float = 1.0
    notes: tuple[str, ...] = field(default=())
    own_alpha: bool = False

    @cached_property
    def pose(self) -> HeadPose:
        """Where the head stands: the portrait's camera, and the landmarks in head space."""
        height, width = self.alpha.shape
        return fit_head_pose(self.landmarks, width, height)

    @cached_property
    def regions(self) -> NDArray[np.uint8]:
        """What each pixel shows ``[H,W]``: see `studio.core.perception.regions`."""
        return find_regions(self.rgb, self.alpha, self.landmarks)

    @cached_property
    def own_colors(self) -> NDArray[np.float32]:
        """The person's colours ``[H,W,3]`` with those a little inside carried to the edge.

        Edges are seen edge-on here and broadside from the side: what lens and file left of the background there would
        become a bright seam.
        """
        inwards = distance_inside(self.alpha > 0.5)
        rim = _RIM * max(1.0, self.scale)
        deep = inwards > rim
        if not deep.any():
            return self.foreground
        carried, _ = spread(self.foreground, deep)
        share = smoothstep(0.5 * rim, rim, inwards)[..., None].astype(np.float32)
        return np.asarray(carried + share * (self.foreground - carried), np.float32)

    @property
    def head_params(self) -> HeadParams:
        """The template head's parameters.

        The identity ``[478,3]`` m is what sets this face's landmarks apart from the mean's; the expression is the
        portrait's own, which counts as rest.
        """
        to_camera = self.pose.camera.world_to_camera
        return HeadParams(
            (self.pose.landmarks - mean_landmarks()).astype(np.float32),
            np.zeros(len(ARKIT_NAMES), np.float32),
            rotation_vector(HEAD_TO_CAMERA_AXES @ to_camera[:3, :3]),
            to_camera[:3, 3].astype(np.float32),
        )

    @property
    def face_height(self) -> float:
        """Forehead to chin, px."""
        return float(np.ptp(self.landmarks[:468, 1]))

    def scaled(self, factor: float) -> "Portrait":
        """Return the same portrait at another resolution."""
        height, width = (max(1, round(side * factor)) for side in self.alpha.shape)

        def fitted(picture: NDArray[np.float32]) -> NDArray[np.float32]:
            return np.clip(resized(picture, width, height), 0, 1)

        rgb = fitted(self.rgb)
        pictures = {name: fitted(getattr(self, name)) for name in ("alpha", "plate", "foreground")}
        landmarks = self.landmarks * np.float32(factor)
        return replace(self, rgb=rgb, source=rgb, landmarks=landmarks, scale=self.scale * factor, **pictures)


def prepare_portrait(
    rgb: NDArray[np.float32],
    alpha: NDArray[np.float32] | None = None,
    *,
    face: int | None = None,
    landmarks: NDArray[np.float32] | None = None,
    name: str = "portrait",
) -> Job[Portrait]:
    """Find the face, cut out the person, paint in the background.

    Parameters
    ----------
    rgb
        ``[H,W,3]`` float32 0..1.
    alpha
        ``[H,W]`` 0..1 where the file has one; it is trusted if part of it is transparent.
    face
        1-based, the largest face first; needed only where several are found.
    landmarks
        ``[468 or 478, 2 or 3]`` px placed by hand or by another tracker; skips detection.

    Raises
    ------
    FacesFoundError
        Several faces and none chosen.
    UserError
        No face, a face under 64 px, or a `face` that is not there.
    """
    yield Progress(0.02, "finding the face")
    notes: list[str] = []
    picture = np.round(rgb * 255).astype(np.uint8)
    points = _complete(landmarks, rgb.shape) if landmarks is not None else _choose(find_faces(picture), face).landmarks
    height = float(np.ptp(points[:468, 1]))
    if height < MIN_FACE:
        raise UserError(
            f"The face is only {height:.0f} px high and {MIN_FACE} px are needed; "
            "use a larger picture or a closer crop."
        )
    if height < 128:
        notes.append(f"The face is only {height:.0f} px high, so the head will look soft.")
    if abs(yaw_of(points)) > 25:
        notes.append("The face is turned far to the side; the hidden half is guessed.")
    if alpha is not None and sampled(alpha, points[:468, :2]).mean() < 0.5:
        raise UserError("The picture is transparent where the face is; save it again with the person opaque.")

    shrunk = height * _MAX_LONG_SIDE / max(picture.shape[:2])
    if height < _SMALL_FACE * min(picture.shape[:2]) or shrunk < 0.6 * min(height, _FACE_HEIGHT):
        x0, y0, x1, y1 = _bust(points, picture.shape)
        rgb, points = rgb[y0:y1, x0:x1], points - np.array([x0, y0, 0], np.float32)
        alpha = None if alpha is None else alpha[y0:y1, x0:x1]
        notes.append("The face is small in the picture, so the picture was cropped to head and shoulders.")

    long_side = max(rgb.shape[:2])
    scale = max(_FACE_HEIGHT / height, min(_MIN_LONG_SIDE / long_side, 1.0))
    scale = min(scale, _MAX_UPSCALE, _MAX_LONG_SIDE / long_side)
    size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
    stretch = np.array([size[0] / rgb.shape[1], size[1] / rgb.shape[0], scale], np.float32)
    source = rgb
    rgb = np.clip(resized(rgb, *size), 0, 1)
    points = (points * stretch).astype(np.float32)

    yield Progress(0.08, "cutting out the person")
    own_alpha = False
    if alpha is not None and float((alpha < 0.5).mean()) > 0.02:
        own_alpha = True
        matte = np.clip(resized(alpha, *size), 0, 1)
    else:
        matte = person_matte(rgb, points)
    yield Progress(0.12, "painting the background")
    plate = paint_out(rgb, matte)
    matte, foreground = settle_edges(rgb, matte, plate, max(1.0, scale))
    source = np.array(source, np.float32) if scale > 1 else rgb
    return Portrait(rgb, matte, points, plate, foreground, source, name, scale, tuple(notes), own_alpha)


def refine_matte(portrait: Portrait) -> Portrait:
    """Return the portrait with alpha and foreground worked out hair by hair; the rest of it stays.

    It takes longer than `prepare_portrait`, so it comes after the first preview; the first call on a machine compiles
    PyMatting's kernels. A matte that came with the file stays as it is.
    """
    if portrait.own_alpha:
        return portrait
    height, width = portrait.alpha.shape
    rgb, alpha, regions, face_height = portrait.source, portrait.alpha, portrait.regions, portrait.face_height
    if rgb.shape != portrait.rgb.shape:
        # Enlarging adds pixels to solve for but no detail.
        size = (rgb.shape[1], rgb.shape[0])
        alpha = np.clip(resized(alpha, *size), 0, 1)
        regions = np.asarray(cv2.resize(regions, size, interpolation=cv2.INTER_NEAREST), np.uint8)
        face_height *= size[1] / height
    alpha, foreground = settle_hair(rgb, alpha, regions, face_height)
    if rgb.shape != portrait.rgb.shape:
        alpha = np.clip(resized(alpha, width, height), 0, 1)
        foreground = np.clip(resized(foreground, width, height), 0, 1)
    return replace(portrait, alpha=alpha, foreground=foreground)


def _choose(faces: Sequence[Face], face: int | None) -> Face:
    if not faces:
        raise NoFaceFoundError(
            "No face was found; use a picture where one face looks towards the camera, "
            "or place twelve handles on it, in the window or in a file for build --landmarks."
        )
    if face is None:
        # A passer-by far smaller than the sitter is no reason to ask.
        rivals = [f for f in faces if f.height > 0.5 * faces[0].height]
        if len(rivals) > 1:
            raise FacesFoundError(np.array([f.box for f in rivals]))
        return faces[0]
    if not 1 <= face <= len(faces):
        found = "1 face was" if len(faces) == 1 else f"{len(faces)} faces were"
        raise UserError(f"There is no face {face}: {found} found; choose a number from 1 to {len(faces)}.")
    return faces[face - 1]


def _complete(landmarks: NDArray, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Check landmarks given from outside and add what they lack (depth, irises)."""
    points = np.asarray(landmarks, np.float32)
    if points.ndim != 2 or points.shape[0] not in (468, 478) or points.shape[1] not in (2, 3):
        raise UserError("Landmarks must be 468 or 478 rows of x, y or x, y, z in pixels; see --help for the layout.")
    height, width = shape[:2]
    inside = (
        (points[:, 0] > -width) & (points[:, 0] < 2 * width) & (points[:, 1] > -height) & (points[:, 1] < 2 * height)
    )
    if not np.isfinite(points).all() or not inside.all():
        raise UserError("Some landmarks lie far outside the picture; give them in pixels of this picture.")
    x, y = points[:468, 0], points[:468, 1]
    if ((x < 0) | (x > width) | (y < 0) | (y > height)).mean() > 0.5:
        raise UserError("The landmarks lie beside the picture; give them in pixels of this picture.")
    if points.shape[1] == 2:
        points = np.pad(points, ((0, 0), (0, 1)))
    if not points[:, 2].any():
        points[:, 2] = _mean_depth(points)
    if len(points) == 468:
        irises = []
        for outer, inner, top, bottom in ((33, 133, 159, 145), (263, 362, 386, 374)):
            centre = points[[outer, inner, top, bottom]].mean(0)
            radius = 0.2 * np.linalg.norm(points[outer, :2] - points[inner, :2])
            offsets = np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]], np.float32) * radius
            irises.append(np.column_stack([centre[:2] + offsets, np.full(5, centre[2], np.float32)]))
        points = np.concatenate([points, *irises])
    if not _outline_a_face(points):
        raise UserError("The landmarks do not outline a face; give them in the face mesh's order, see --help.")
    return points.astype(np.float32)


def _outline_a_face(points: NDArray) -> bool:
    """Tell whether landmarks ``[478,3]`` are the mean face's, moved, turned and stretched within reason."""
    width, height, depth = np.ptp(points, axis=0)
    eyes = float(np.linalg.norm(np.subtract(*eye_centres(points))))
    if min(width, eyes) < 0.1 * height or max(width, depth) > 3 * height:
        return False
    basis = np.column_stack([mean_landmarks(), np.ones(len(points))])
    left_over = points - basis @ np.linalg.lstsq(basis, points, rcond=None)[0]
    return float(left_over.var(0).sum()) < 0.2 * float(points.var(0).sum())


def _mean_depth(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean face's depth ``[P]`` px for landmarks placed in two dimensions."""
    mean = to_face(mean_landmarks())[: len(points)]
    scale = np.linalg.norm(np.subtract(*eye_centres(points[:, :2]))) / np.linalg.norm(np.subtract(*eye_centres(mean)))
    depth = -mean[:, 2] * scale
    return (depth - depth.mean()).astype(np.float32)


def yaw_of(points: NDArray) -> float:
    """Return by how many degrees a face of landmarks ``[478,3]`` px is turned, from the depth of its two sides."""
    across = points[454] - points[234]
    return float(np.degrees(np.arctan2(across[2], across[0])))


def _bust(points: NDArray, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return a square around head and shoulders, inside the picture: x0 y0 x1 y1 px."""
    x0, y0, x1, y1 = landmark_box(points)
    side = min(_BUST * (y1 - y0), *shape[:2])
    left = float(np.clip((x0 + x1) / 2 - side / 2, 0, shape[1] - side))
    top = float(np.clip((y0 + y1) / 2 - 0.4 * side, 0, shape[0] - side))
    return int(left), int(top), int(left + side), int(top + side)
