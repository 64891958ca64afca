"""Measures that need networks nobody may ship: taken where the user brings the weights; else why not."""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from studio.core.evaluate.face_points import head_box
from studio.core.evaluate.fingerprint import file_hash
from studio.core.evaluate.strips import square
from studio.core.jobs import Job, Stopwatch
from studio.core.training.frechet import fid_features, frechet_distance, fvd_features, why_no_fid, why_no_fvd
from studio.core.training.lpips import Lpips, why_no_lpips
from studio.core.training.user_weights import KNOWN, find_weights

_SIDE = 256  # px at which heads are compared
_FVD_FRAMES = 10  # of a clip
_NO_READER = "this program does not read its network, and may not ship its weights"


def absent_measures() -> dict[str, str]:
    """Return the measures that are not taken here, by name, with the reason."""
    whys = {"LPIPS": why_no_lpips(), "FID": why_no_fid(), "FVD": why_no_fvd(), "SyncNet LSE-C, LSE-D": _NO_READER,
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
