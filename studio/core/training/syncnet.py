"""SyncNet's lip-sync scores LSE-D and LSE-C, where the user brings its weights (Chung and Zisserman 2016).

Network, features and scores are those of the published ``syncnet_python``, whose weights are ``syncnet_v2.model``.
Clips at 25 frames/s with sound at 16 kHz; five frames at a time are compared with 0.2 s of sound.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import dct
from torch import Tensor, nn

from studio.core.errors import UserError
from studio.core.training.user_weights import load_user_weights, why_missing

FPS, RATE, SIDE = 25, 16000, 224
_SPAN, _STEPS = 5, 20  # frames and steps of 10 ms that are compared
_REACH = 15  # frames either way that are tried
_WINDOW, _HOP, _FFT, _BANDS, _CEPSTRA, _LIFTER = 400, 160, 512, 26, 13, 22
_TINY = np.finfo(float).eps


@dataclass(frozen=True)
class SyncScore:
    """How well lips and sound go together.

    Attributes
    ----------
    distance
        LSE-D: the least mean distance over the offsets tried; lower is better.
    confidence
        LSE-C: how far that lies below the median of all; higher is better.
    offset
        Frames by which the sound comes early, as published.
    """

    distance: float
    confidence: float
    offset: int


def why_no_syncnet() -> str | None:
    """Say what SyncNet lacks here, or None."""
    return why_missing("syncnet")


def sync_score(faces: NDArray[np.uint8], samples: NDArray[np.float32]) -> SyncScore:
    """Score a clip.

    Parameters
    ----------
    faces
        ``[T,224,224,3]`` RGB: `crop_face` of each frame at 25 frames/s.
    samples
        ``[N]`` mono -1..1 at 16 kHz, beginning with the first frame.

    Raises
    ------
    UserError
        If the weights are missing or another network's.
    ValueError
        If there are fewer than 6 frames with sound.
    """
    count = min(len(faces), len(samples) * FPS // RATE) - _SPAN
    if count < 1:
        raise ValueError(f"{len(faces)} frames with {len(samples) / RATE:.2f} s of sound are too short to score")
    network = _SyncNet()
    seen = torch.from_numpy(np.ascontiguousarray(faces[..., ::-1])).permute(3, 0, 1, 2).float()  # BGR, as it learnt
    heard = torch.from_numpy(mfcc(samples).T.copy()).float()
    lips, sounds = [], []
    with torch.no_grad():
        for k in range(count):
            lips.append(network.lip(seen[None, :, k : k + _SPAN])[0])
            sounds.append(network.audio(heard[None, None, :, 4 * k : 4 * k + _STEPS])[0])
    return score_of(torch.stack(lips), torch.stack(sounds))


def score_of(lips: Tensor, sounds: Tensor) -> SyncScore:
    """Score embeddings ``[T,D]`` of lips and of sounds at the same moments."""
    padded = torch.nn.functional.pad(sounds, (0, 0, _REACH, _REACH))
    distances = torch.stack([
        nn.functional.pairwise_distance(lips, padded[k : k + len(lips)]).mean() for k in range(2 * _REACH + 1)
    ])  # fmt: skip
    least, place = distances.min(0)
    return SyncScore(float(least), float(distances.median() - least), _REACH - int(place))


def crop_face(frame: NDArray[np.uint8], box: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    """Cut a face out of a frame ``[H,W,3]`` as SyncNet's own pipeline does: ``[224,224,3]``.

    `box` is x0 y0 x1 y1 px of the face from forehead to chin; more is taken below and to the sides, grey beyond the
    picture.
    """
    x, y, half = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, max(box[2] - box[0], box[3] - box[1]) / 2
    side = 2.8 * half
    scale = SIDE / side
    place = np.array([[scale, 0, -(x - 1.4 * half) * scale], [0, scale, -(y - half) * scale]])
    return np.asarray(
        cv2.warpAffine(frame, place, (SIDE, SIDE), flags=cv2.INTER_AREA, borderValue=(110, 110, 110)), np.uint8
    )


def mfcc(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return 13 mel-frequency cepstra ``[T,13]`` per 10 ms of samples ``[N]`` at 16 kHz, as SyncNet was given them.

    Those of ``python_speech_features`` with its defaults, of samples as 16-bit numbers: frames of 25 ms, 26 bands,
    liftered, the first replaced by the logarithm of the energy.
    """
    sound = np.round(np.clip(samples, -1, 1) * 32767)
    sound = np.append(sound[0], sound[1:] - 0.97 * sound[:-1])
    frames = 1 + max(0, -(-(len(sound) - _WINDOW) // _HOP))
    padded = np.append(sound, np.zeros((frames - 1) * _HOP + _WINDOW - len(sound)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    power = np.abs(np.fft.rfft(windows, _FFT)) ** 2 / _FFT
    energy = power.sum(1)
    bands = power @ _mel_bands().T
    cepstra = np.asarray(dct(np.log(np.where(bands == 0, _TINY, bands)), type=2, axis=1, norm="ortho"))[:, :_CEPSTRA]
    cepstra *= 1 + _LIFTER / 2 * np.sin(np.pi * np.arange(_CEPSTRA) / _LIFTER)
    cepstra[:, 0] = np.log(np.where(energy == 0, _TINY, energy))
    return cepstra


def _mel_bands() -> NDArray[np.float64]:
    """Return triangles ``[26,257]`` over the bins of the spectrum."""
    mels = np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), _BANDS + 2)
    corners = np.floor((_FFT + 1) * 700 * (10 ** (mels / 2595) - 1) / RATE)
    bins = np.arange(_FFT // 2 + 1)
    low, mid, high = (corners[k : k + _BANDS, None] for k in range(3))
    rising, falling = (bins - low) / (mid - low), (high - bins) / (high - mid)
    triangles = np.zeros(rising.shape)
    np.copyto(triangles, rising, where=(bins >= low) & (bins < mid))
    np.copyto(triangles, falling, where=(bins >= mid) & (bins < high))
    return triangles


class _SyncNet(nn.Module):
    """Layers in the published order, so that the published names fit."""

    def __init__(self) -> None:
        super().__init__()
        self.netcnnaud = nn.Sequential(
            *_block(nn.Conv2d(1, 64, 3, padding=1)),
            nn.MaxPool2d(1, 1),
            *_block(nn.Conv2d(64, 192, 3, padding=1)),
            nn.MaxPool2d(3, (1, 2)),
            *_block(nn.Conv2d(192, 384, 3, padding=1)),
            *_block(nn.Conv2d(384, 256, 3, padding=1)),
            *_block(nn.Conv2d(256, 256, 3, padding=1)),
            nn.MaxPool2d(3, 2),
            *_block(nn.Conv2d(256, 512, (5, 4))),
        )
        pool = (1, 3, 3), (1, 2, 2)
        self.netcnnlip = nn.Sequential(
            *_block(nn.Conv3d(3, 96, (5, 7, 7), (1, 2, 2))),
            nn.MaxPool3d(*pool),
            *_block(nn.Conv3d(96, 256, (1, 5, 5), (1, 2, 2), (0, 1, 1))),
            nn.MaxPool3d(*pool, (0, 1, 1)),
            *_block(nn.Conv3d(256, 256, (1, 3, 3), padding=(0, 1, 1))),
            *_block(nn.Conv3d(256, 256, (1, 3, 3), padding=(0, 1, 1))),
            *_block(nn.Conv3d(256, 256, (1, 3, 3), padding=(0, 1, 1))),
            nn.MaxPool3d(*pool),
            *_block(nn.Conv3d(256, 512, (1, 6, 6))),
        )
        self.netfcaud, self.netfclip = (
            nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 1024)) for _ in range(2)
        )
        try:
            # Weights as old as these do not count their batches.
            lacking, superfluous = self.load_state_dict(load_user_weights("syncnet"), strict=False)
        except RuntimeError as error:
            raise UserError("The weights of SyncNet are another network's; get the published file again.") from error
        if superfluous or any(not name.endswith("num_batches_tracked") for name in lacking):
            raise UserError("The weights of SyncNet are another network's; get the published file again.")
        self.eval().requires_grad_(False)

    def audio(self, cepstra: Tensor) -> Tensor:
        """Embed ``[B,1,13,20]``."""
        return self.netfcaud(self.netcnnaud(cepstra).flatten(1))

    def lip(self, frames: Tensor) -> Tensor:
        """Embed ``[B,3,5,224,224]``."""
        return self.netfclip(self.netcnnlip(frames).flatten(1))


def _block(convolution: nn.Conv2d | nn.Conv3d) -> tuple[nn.Module, ...]:
    norm = nn.BatchNorm2d if isinstance(convolution, nn.Conv2d) else nn.BatchNorm3d
    return convolution, norm(convolution.out_channels), nn.ReLU()
