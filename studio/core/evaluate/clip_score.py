"""What a made clip scores against the real one: pictures on the head box, and what a landmark tracker finds in both."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from skimage.metrics import structural_similarity

from studio.core.evaluate.face_points import (
    N_SKIN,
    head_box,
    mouth_opening,
    outer_eyes,
    track_landmarks,
)
from studio.core.jobs import Job, Stopwatch, share
from studio.core.tracking.identity import clip_view, fit_identity
from studio.core.tracking.solve import SOLVED, FaceSolver
from studio.core.training import metrics

_FEWEST = 3  # frames with a face in both, below which nothing is read off faces


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


def score(real: NDArray[np.uint8], made: NDArray[np.uint8], real_landmarks: NDArray) -> Job[Score]:
    """Compare clips ``[T,H,W,3]``; the first frame is the avatar's source and does not count.

    `real_landmarks` ``[T,478,3]`` px as `track_landmarks` finds them; frames without any do not count.
    """
    watch = Stopwatch()
    made_landmarks = yield from share(track_landmarks(made), watch, 0.0, 0.6)
    psnr, ssim = [], []
    for k, points in enumerate(real_landmarks):
        yield watch.progress(0.6 + 0.3 * k / len(real), "comparing pictures")
        if k == 0 or np.isnan(points).any():
            continue
        x0, y0, x1, y1 = head_box(points, *real[k].shape[:2])
        a, b = real[k, y0:y1, x0:x1], made[k, y0:y1, x0:x1]
        psnr.append(metrics.psnr(b, a))
        ssim.append(structural_similarity(a, b, channel_axis=2))
    both = ~np.isnan(real_landmarks).any((1, 2)) & ~np.isnan(made_landmarks).any((1, 2))
    both[0] = False
    lost = int(np.isnan(made_landmarks).any((1, 2)).sum())
    pictures = (float(np.mean(psnr)), float(np.mean(ssim))) if psnr else (np.nan, np.nan)
    if both.sum() < _FEWEST:
        return Score(*pictures, np.nan, np.nan, np.nan, np.nan, np.nan, lost)
    truth, found = real_landmarks[both], made_landmarks[both]
    skin, truth_skin = found[:, :N_SKIN, :2], truth[:, :N_SKIN, :2]
    eyes = outer_eyes(truth)
    yield watch.progress(0.9, "reading expressions")
    read_apart = yield from share(_read_apart(truth, found, *real.shape[1:3]), watch, 0.9, 1.0)
    return Score(
        *pictures,
        metrics.landmark_distance(skin, truth_skin, eyes) * 100,
        metrics.correlation(mouth_opening(truth), mouth_opening(found)),
        metrics.jitter(skin) / metrics.jitter(truth_skin),
        *read_apart,
        lost,
    )


def _read_apart(truth: NDArray, found: NDArray, height: int, width: int) -> Job[tuple[float, float]]:
    """Return how far expressions and head poses (degrees) of landmarks ``[T,478,3]`` px lie apart."""
    watch = Stopwatch()
    view = clip_view(truth, width, height)
    solver = FaceSolver(fit_identity(truth, view), view)
    codes, turns = [], []
    for k, points in enumerate(zip(truth, found, strict=True)):
        yield watch.progress(k / len(truth), "reading expressions")
        pair = []
        for landmarks in points:
            solver.reset()
            pair.append(solver.solve(landmarks))
        codes.append(np.abs(pair[0].code[SOLVED] - pair[1].code[SOLVED]).mean())
        turns.append(Rotation.from_matrix(pair[0].rotation.T @ pair[1].rotation).magnitude())
    return float(np.mean(codes)), float(np.degrees(np.mean(turns)))
