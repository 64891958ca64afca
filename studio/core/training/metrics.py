"""The measures of pictures, faces, signals and meshes that every engine, and every other system, is judged by.

They take arrays alone: who finds landmarks, codes or vertices in a picture is the business of `evaluate`. What needs
networks that the user has to bring (LPIPS, FID, SyncNet) is in `user_metrics`.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d
from scipy.spatial.transform import Rotation

PEAK_ERROR = 1e-12
"""Mean squared error that counts as none: 120 dB."""
WINDOW = 11
"""px; side of the window of SSIM."""
SIGMA = 1.5
_C1, _C2 = 0.01**2, 0.03**2
_STILL = 1e-6


def psnr(picture: NDArray, truth: NDArray, weights: NDArray | None = None) -> float:
    """Return the peak signal-to-noise ratio in dB, at most 120.

    Parameters
    ----------
    picture, truth
        ``[...,H,W,C]`` bytes, or floats 0..1 (they are not clipped).
    weights
        ``[...,H,W]``, not negative: how much each pixel counts (a mask, a matte); all alike if None.

    Raises
    ------
    ValueError
        If the shapes differ or no pixel has weight.
    """
    errors = np.square(_unit(picture) - _unit(truth, picture.shape)).mean(-1)
    return float(-10 * np.log10(max(_weighted(errors, weights), PEAK_ERROR)))


def ssim(picture: NDArray, truth: NDArray, weights: NDArray | None = None) -> float:
    """Return the structural similarity, at most 1.

    Wang et al. 2004, Eq. 13: Gaussian window of 1.5 px, 11×11; the mean over channels and over the windows that lie
    wholly inside the picture, weighted by their middle. As the losses have it (`losses.ssim`, `render.loss`).

    Parameters
    ----------
    picture, truth
        ``[H,W,C]`` bytes, or floats 0..1, at least 11 px either way.
    weights
        ``[H,W]``, not negative.

    Raises
    ------
    ValueError
        If the shapes differ, the pictures are too small or no window has weight.
    """
    x, y = _unit(picture), _unit(truth, picture.shape)
    if min(x.shape[:2]) < WINDOW:
        raise ValueError(f"pictures of {x.shape[1]} x {x.shape[0]} px are smaller than the window of {WINDOW}")
    mean_x, mean_y = _blurred(x), _blurred(y)
    var_x, var_y = _blurred(x * x) - mean_x**2, _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    similarity = luminance * (2 * covariance + _C2) / (var_x + var_y + _C2)
    rim = WINDOW // 2
    inside = None if weights is None else weights[rim:-rim, rim:-rim]
    return _weighted(similarity.mean(-1), inside)


def landmark_distance(found: NDArray, truth: NDArray, unit: NDArray | float = 1.0) -> float:
    """Return the landmark distance (LMD): the mean over frames and landmarks.

    Parameters
    ----------
    found, truth
        ``[T,K,2+]`` px; further columns do not count. Frames with a NaN in either do not count.
    unit
        ``[T]`` px or one number: what distances are divided by (the eyes' distance, to compare heads of any size).
    """
    apart = np.linalg.norm(found[..., :2] - truth[..., :2], axis=-1).mean(-1) / unit
    return _mean(apart)


def expression_distance(found: NDArray, truth: NDArray) -> float:
    """Return the average expression distance (AED): the mean absolute difference of codes ``[T,K]``."""
    return _mean(np.abs(found - truth).mean(-1))


def pose_distance(found: NDArray, truth: NDArray) -> float:
    """Return the average pose distance (APD) in degrees: the mean angle between rotations ``[T,3]``, axis-angle rad."""
    known = np.isfinite(found).all(-1) & np.isfinite(truth).all(-1)
    if not known.any():
        return float("nan")
    between = Rotation.from_rotvec(found[known]).inv() * Rotation.from_rotvec(truth[known])
    return float(np.degrees(between.magnitude().mean()))


def jitter(points: NDArray, unit: float = 1.0) -> float:
    """Return the median length of the second difference of tracks ``[T,K,D]``, in `unit`, per frame²."""
    second = np.linalg.norm(np.diff(points, 2, axis=0), axis=-1)
    return float(np.nanmedian(second)) / unit if np.isfinite(second).any() else float("nan")


def embedding_distance(a: NDArray, b: NDArray) -> float:
    """Return the distance of two identity embeddings ``[D]`` (dlib's: one person's lie 0.4 apart, strangers' 0.6)."""
    return float(np.linalg.norm(a - b))


def cosine_similarity(a: NDArray, b: NDArray) -> float:
    """Return the cosine of two identity embeddings ``[D]`` (CSIM)."""
    return float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), PEAK_ERROR))


def correlation(a: NDArray, b: NDArray) -> float:
    """Return the correlation of signals ``[T]`` over what is known of both; NaN where either stands still."""
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 3 or a[both].std() < _STILL or b[both].std() < _STILL:
        return float("nan")
    return float(np.corrcoef(a[both], b[both])[0, 1])


def offset(track: NDArray, reference: NDArray, most: int) -> int:
    """Return by how many frames a signal ``[T]`` comes after its reference: where they correlate best.

    `most` frames either way are tried. 0 where nothing correlates.
    """
    best, found = -np.inf, 0
    for lag in sorted(range(-most, most + 1), key=abs):  # of equal ones the nearest
        late, early = (track[lag:], reference[: len(reference) - lag]) if lag >= 0 else (track[:lag], reference[-lag:])
        value = correlation(late, early)
        if value > best:
            best, found = value, lag
    return found


def f1(hits: int, found: int, wanted: int) -> float:
    """Return the harmonic mean of precision and recall (of closures of the lips); NaN where nothing was wanted."""
    if not wanted:
        return float("nan")
    return 2 * hits / (found + wanted)


def lip_vertex_error(found: NDArray, truth: NDArray, lips: NDArray[np.intp]) -> float:
    """Return LVE: the mean over frames of the largest distance of a lip vertex, in the meshes' unit.

    Richard et al. 2021 (MeshTalk). Of distances, not of their squares, as tables in mm have it.

    Parameters
    ----------
    found, truth
        ``[T,V,3]``.
    lips
        Indices of the lips' vertices.
    """
    return float(np.linalg.norm(found[:, lips] - truth[:, lips], axis=-1).max(1).mean())


def mean_vertex_error(found: NDArray, truth: NDArray) -> float:
    """Return MVE: the mean distance of all vertices ``[T,V,3]`` over all frames, in the meshes' unit."""
    return float(np.linalg.norm(found - truth, axis=-1).mean())


def upper_face_dynamics(found: NDArray, truth: NDArray, neutral: NDArray, upper: NDArray[np.intp]) -> float:
    """Return FDD: how much more the truth's upper face moves than the one found; nearer to 0 is better.

    Xing et al. 2023 (CodeTalker), Eq. 10: the mean over vertices of the difference of the deviations over time of how
    far each is from its rest.

    Parameters
    ----------
    found, truth
        ``[T,V,3]``.
    neutral
        ``[V,3]``.
    upper
        Indices of the upper face's vertices.
    """
    moves = (np.linalg.norm(mesh[:, upper] - neutral[upper], axis=-1).std(0) for mesh in (truth, found))
    return float(np.subtract(*moves).mean())


def _unit(picture: NDArray, shape: tuple[int, ...] | None = None) -> NDArray[np.float64]:
    if shape is not None and picture.shape != shape:
        raise ValueError(f"pictures have shapes {shape} and {picture.shape}; they must be alike")
    return picture / 255 if picture.dtype == np.uint8 else picture.astype(np.float64)


def _weighted(values: NDArray, weights: NDArray | None) -> float:
    if weights is None:
        return float(values.mean())
    if weights.shape != values.shape or weights.sum() <= 0:
        raise ValueError(f"weights of shape {weights.shape} give no weight to what has shape {values.shape}")
    return float((values * weights).sum() / weights.sum())


def _blurred(image: NDArray) -> NDArray:
    taps = np.exp(-0.5 * ((np.arange(WINDOW) - WINDOW // 2) / SIGMA) ** 2)
    rim = WINDOW // 2
    for axis in (0, 1):
        image = correlate1d(image, taps / taps.sum(), axis)
    return image[rim:-rim, rim:-rim]


def _mean(values: NDArray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
