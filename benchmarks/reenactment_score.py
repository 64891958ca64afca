"""What a made clip scores against the real one: pictures on the head box, and what a landmark tracker finds in both."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial.transform import Rotation
from skimage.metrics import structural_similarity

from studio.core.perception.mediapipe_models import face_meshes
from studio.core.tracking.identity import clip_view, fit_identity
from studio.core.tracking.solve import SOLVED, FaceSolver

N_SKIN = 468
_UPPER_LIP, _LOWER_LIP = 13, 14


@dataclass(frozen=True)
class Score:
    """How close a made clip comes to the real one.

    Attributes
    ----------
    psnr
        dB on the head box, mean over frames.
    ssim
        On the head box, in colour, mean over frames.
    landmarks
        Mean distance of the landmarks found in both, % of the distance between the eyes' outer corners.
    mouth
        Correlation of the mouth's opening over the frames; NaN where it stands still.
    jitter
        Median acceleration of the landmarks over the real clip's, each with its head's motion in it.
    expression
        Mean difference of the channels (0..1) that a tracker of the real face reads in both: a stand-in for AED.
    pose
        Mean angle between the head poses it reads, degrees: a stand-in for APD.
    lost
        Made frames in which no face was found; they count for the pictures only.
    """

    psnr: float
    ssim: float
    landmarks: float
    mouth: float
    jitter: float
    expression: float
    pose: float
    lost: int


def track_landmarks(frames: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the landmarks ``[T,478,3]`` px of the face in each frame ``[T,H,W,3]``, NaN where none is found.

    Each frame stands alone, so that frames left out between them change nothing.
    """
    found = [face_meshes(frame) for frame in frames]
    return np.stack([faces[0] if faces else np.full((478, 3), np.nan) for faces in found]).astype(np.float64)


def head_box(landmarks: NDArray, height: int, width: int) -> tuple[int, int, int, int]:
    """Return x0 y0 x1 y1 px of a square of 1.7 face heights about the head, cut at the picture's edge."""
    centre, side = landmarks[:, :2].mean(0), np.ptp(landmarks[:, 1]) * 1.7
    x0, y0 = max(0, centre[0] - side / 2), max(0, centre[1] - side * 0.6)
    return int(x0), int(y0), int(min(width, centre[0] + side / 2)), int(min(height, centre[1] + side * 0.4))


def score(real: NDArray[np.uint8], made: NDArray[np.uint8], real_landmarks: NDArray) -> Score:
    """Compare clips ``[T,H,W,3]``; the first frame is the avatar's source and does not count."""
    made_landmarks = track_landmarks(made)
    psnr, ssim = [], []
    for truth, picture, points in list(zip(real, made, real_landmarks, strict=True))[1:]:
        if np.isnan(points).any():
            continue
        x0, y0, x1, y1 = head_box(points, *truth.shape[:2])
        a, b = truth[y0:y1, x0:x1], picture[y0:y1, x0:x1]
        psnr.append(-10 * np.log10(max(float(((a.astype(np.float64) - b) ** 2).mean()) / 255**2, 1e-10)))
        ssim.append(structural_similarity(a, b, channel_axis=2))
    both = ~np.isnan(real_landmarks).any((1, 2)) & ~np.isnan(made_landmarks).any((1, 2))
    both[0] = False
    truth, found = real_landmarks[both], made_landmarks[both]
    apart = np.linalg.norm(truth[:, :N_SKIN, :2] - found[:, :N_SKIN, :2], axis=-1).mean(1)
    eyes = outer_eyes(truth)
    return Score(
        float(np.mean(psnr)),
        float(np.mean(ssim)),
        float((apart / eyes).mean() * 100),
        _correlation(mouth_opening(truth), mouth_opening(found)),
        acceleration(found, eyes) / acceleration(truth, eyes),
        *_read_apart(truth, found, *real.shape[1:3]),
        int(np.isnan(made_landmarks).any((1, 2)).sum()),
    )


def _read_apart(truth: NDArray, found: NDArray, height: int, width: int) -> tuple[float, float]:
    """Return how far expressions and head poses (degrees) of landmarks ``[T,478,3]`` px lie apart."""
    view = clip_view(truth, width, height)
    solver = FaceSolver(fit_identity(truth, view), view)
    codes, turns = [], []
    for points in zip(truth, found, strict=True):
        pair = []
        for landmarks in points:
            solver.reset()
            pair.append(solver.solve(landmarks))
        codes.append(np.abs(pair[0].code[SOLVED] - pair[1].code[SOLVED]).mean())
        turns.append(Rotation.from_matrix(pair[0].rotation.T @ pair[1].rotation).magnitude())
    return float(np.mean(codes)), float(np.degrees(np.mean(turns)))


def _correlation(a: NDArray, b: NDArray) -> float:
    """Return the correlation of two signals; NaN where one stands still."""
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else float("nan")


def outer_eyes(landmarks: NDArray) -> NDArray[np.float64]:
    """Return the distance ``[T]`` px between the eyes' outer corners of landmarks ``[T,478,2+]``."""
    return np.linalg.norm(landmarks[:, 33, :2] - landmarks[:, 263, :2], axis=-1)


def mouth_opening(landmarks: NDArray) -> NDArray[np.float64]:
    """Return the gap between the lips' inner edges ``[T]`` in interocular distances."""
    gap = np.linalg.norm(landmarks[:, _UPPER_LIP, :2] - landmarks[:, _LOWER_LIP, :2], axis=-1)
    return gap / outer_eyes(landmarks)


def acceleration(landmarks: NDArray, eyes: NDArray) -> float:
    """Return the median size of the landmarks' second difference, in distances between the eyes."""
    second = np.diff(landmarks[:, :N_SKIN, :2], 2, axis=0)
    return float(np.median(np.linalg.norm(second, axis=-1) / eyes.mean()))


def warped(first: NDArray[np.uint8], landmarks: NDArray) -> NDArray[np.uint8]:
    """Warp the first frame ``[H,W,3]`` in the plane so that its landmarks follow those of the clip ``[T,478,3]`` px."""
    height, width = first.shape[:2]
    across, down = np.linspace(0, width - 1, 5), np.linspace(0, height - 1, 5)[1:-1]
    border = [(x, y) for x in across for y in (0, height - 1)] + [(x, y) for y in down for x in (0, width - 1)]
    rows, columns = np.mgrid[:height, :width]
    source = np.vstack([landmarks[0, :N_SKIN, :2], border])
    made = []
    for points in landmarks:
        where = LinearNDInterpolator(np.vstack([points[:N_SKIN, :2], border]), source)(columns, rows)
        x, y = np.moveaxis(np.asarray(where, np.float32), -1, 0)
        made.append(cv2.remap(first, x, y, cv2.INTER_LINEAR))
    return np.stack(made).astype(np.uint8)
