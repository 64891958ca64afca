"""Measures that need networks nobody may ship: taken where the user brings the weights; else why not."""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import medfilt

from studio.core.evaluate.face_points import N_SKIN, head_box
from studio.core.evaluate.fingerprint import file_hash
from studio.core.evaluate.strips import square
from studio.core.jobs import Job, Stopwatch
from studio.core.training.frechet import fid_features, frechet_distance, fvd_features, why_no_fid, why_no_fvd
from studio.core.training.lpips import Lpips, why_no_lpips
from studio.core.training.syncnet import crop_face, sync_score, why_no_syncnet
from studio.core.training.user_weights import KNOWN, find_weights

_SIDE = 256  # px at which heads are compared
_FVD_FRAMES = 10  # of a clip
_STEADY = 13  # frames over which the box of a face is filtered, as SyncNet's own pipeline does


def absent_measures() -> dict[str, str]:
    """Return the measures that are not taken here, by name, with the reason."""
    whys = {"LPIPS": why_no_lpips(), "FID": why_no_fid(), "FVD": why_no_fvd(), "SyncNet LSE-C, LSE-D": why_no_syncnet(),
            "AUE": "it takes a detector of action units, which this program has none of"}  # fmt: skip
    return {name: f"{why}." for name, why in whys.items() if why}


def brought_weights() -> dict[str, str]:
    """Return hashes of the user's files that measures here may use, by name."""
    found = {name: find_weights(name) for name in KNOWN}
    return {name: file_hash(path) for name, path in found.items() if path is not None}


@cache
def _lpips() -> Lpips:
    return Lpips().eval()


def brought_figures(real: NDArray[np.uint8], made: NDArray[np.uint8], landmarks: NDArray) -> Job[dict[str, float]]:
    """Return ``lpips``, ``fid`` and ``fvd`` of the heads in clips ``[T,H,W,3]``, as far as their weights are there.

    FID compares the clips' frames, FVD their spans of ten. Both are far from 0 for so few samples, whoever made them.

    Parameters
    ----------
    landmarks
        ``[T,478,3]`` px of the real clip; the first frame, and frames without any, do not count.
    """
    watch, figures = Stopwatch(), {}
    known = [k for k in range(1, len(landmarks)) if np.isfinite(landmarks[k]).all()]
    if not known or (why_no_lpips() and why_no_fid() and why_no_fvd()):
        return figures
    heads = [[], []]
    for k in known:
        x0, y0, x1, y1 = head_box(landmarks[k], *real[k].shape[:2])
        for clip, kept in zip((made, real), heads, strict=True):
            kept.append(square(clip[k, y0:y1, x0:x1], _SIDE))
    if not why_no_lpips():
        found = []
        for k, pair in enumerate(zip(*heads, strict=True)):
            yield watch.progress(0.5 * k / len(known), "comparing pictures")
            a, b = (torch.from_numpy(one.transpose(2, 0, 1)[None] / np.float32(255)) for one in pair)
            with torch.inference_mode():
                found.append(float(_lpips()(a, b)))
        figures["lpips"] = float(np.mean(found))
    if not why_no_fid() and len(known) > 1:
        yield watch.progress(0.5, "comparing sets of pictures")
        figures["fid"] = frechet_distance(*(fid_features(kept) for kept in heads))
    spans = [range(k, k + _FVD_FRAMES) for k in range(0, len(known) - _FVD_FRAMES + 1, _FVD_FRAMES)]
    if not why_no_fvd() and len(spans) > 1:
        yield watch.progress(0.8, "comparing sets of clips")
        clips = ([np.stack([kept[k] for k in span]) for span in spans] for kept in heads)
        figures["fvd"] = frechet_distance(*(fvd_features(kept) for kept in clips))
    return figures


def brought_sync(made: NDArray[np.uint8], landmarks: NDArray, samples: NDArray[np.float32]) -> dict[str, float]:
    """Return SyncNet's ``lse_d`` and ``lse_c`` of a clip ``[T,H,W,3]`` at 25 frames/s, if its weights are there.

    Parameters
    ----------
    landmarks
        ``[T,478,3]`` px of the clip; where a frame has none, its neighbours' tell where the face is.
    samples
        ``[N]`` at 16 kHz, beginning with the clip.
    """
    there = np.flatnonzero(np.isfinite(landmarks).all((1, 2)))
    if why_no_syncnet() or not len(there):
        return {}
    skin = landmarks[there, :N_SKIN, :2]
    corners = np.concatenate([skin.min(1), skin.max(1)], 1)
    boxes = np.stack([np.interp(np.arange(len(made)), there, corner) for corner in corners.T], 1)
    rim = _STEADY // 2
    padded = np.pad(boxes, ((rim, rim), (0, 0)), mode="edge")  # medfilt would take what is beyond the ends for 0
    steady = medfilt(padded, (_STEADY, 1))[rim:-rim]
    faces = np.stack([crop_face(frame, tuple(box)) for frame, box in zip(made, steady.tolist(), strict=True)])
    score = sync_score(faces, samples)
    return {"lse_d": score.distance, "lse_c": score.confidence}
