"""Simple ways to move a mouth, to see what the network is worth: loudness, formants, recognised phones.

All three may look at the whole recording, which the live driver may not.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import scipy.linalg
import scipy.ndimage
import scipy.signal
from numpy.typing import NDArray
from speech_quiet import windows

from studio.core.errors import UserError
from studio.core.evaluate.mouth import Mouth
from studio.core.evaluate.phones import TARGETS, arpabet, filled, target_tracks
from studio.core.speech.articulation import articulate
from studio.core.speech.features import HOP, HOP_SECONDS, SAMPLE_RATE
from studio.core.speech.network import CHANNELS

_FULL_JAW = 0.6
_ORDER = 10  # of linear prediction below 4 kHz: four formants and the spectrum's slope
_PRE_EMPHASIS = 0.97


def _loudness(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 0 at the recording's own floor and 1 at its loud syllables ``[T]``, even in dB."""
    level = 10 * np.log10(np.mean(np.square(frames), axis=1) + 1e-9)
    top = np.percentile(level, 95)
    floor = max(np.percentile(level, 5), top - 40)
    return np.clip((level - floor) / (top - floor + 1e-9), 0, 1)


def mouth_of(**tracks: NDArray) -> Mouth:
    """Put tracks ``[T]`` of `CHANNELS` on a face; targets that are not given are NaN for the tables."""
    some = next(iter(tracks.values()))
    whole = np.zeros((len(some), len(CHANNELS)), np.float32)
    channels = np.full((len(some), len(TARGETS)), np.nan, np.float32)
    for name, track in tracks.items():
        whole[:, CHANNELS.index(name)] = track
        if name in TARGETS:
            channels[:, TARGETS.index(name)] = track
    whole[:, CHANNELS.index("speech")] = 1
    return Mouth(channels, np.stack([articulate(row) for row in whole]))


def by_energy(samples: NDArray[np.float32]) -> Mouth:
    """Open the jaw as far as the sound is loud, which is what most puppeteering applications do."""
    loud = scipy.ndimage.gaussian_filter1d(_loudness(windows(samples)), 2)
    return mouth_of(jaw=_FULL_JAW * loud**2)


def by_formants(samples: NDArray[np.float32]) -> Mouth:
    """Open the jaw with the first formant, round and spread the lips with the second, close them in dips of loudness.

    Formants are the roots of linear prediction (Markel & Gray, "Linear Prediction of Speech", 1976).
    """
    frames = windows(samples)
    loud = _loudness(frames)
    first, second = _formants(frames).T
    smooth = [scipy.ndimage.gaussian_filter1d(scipy.ndimage.median_filter(f, 5), 2) for f in (first, second)]
    sounding = np.clip((loud - 0.35) / 0.3, 0, 1)
    around = scipy.ndimage.percentile_filter(loud, 90, 25)  # a quarter second: the syllable the dip lies in
    jaw = sounding * np.clip((smooth[0] - 250) / 500, 0, 1) * 0.8
    rounded = sounding * np.clip((1300 - smooth[1]) / 600, 0, 1)
    spread = sounding * np.clip((smooth[1] - 1500) / 800, 0, 1) * 0.7
    hiss = np.mean(np.diff(frames, axis=1) ** 2, axis=1) / (np.mean(frames**2, axis=1) + 1e-9)
    close = np.clip((around - loud - 0.25) / 0.2, 0, 1) * (around > 0.5) * (hiss < 0.5)
    return mouth_of(jaw=jaw, close=close, round=rounded, spread=spread)


def _formants(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the two lowest resonances of each frame ``[T,2]`` Hz."""
    halved = np.asarray(scipy.signal.decimate(frames, 2, axis=1))
    emphasised = scipy.signal.lfilter([1, -_PRE_EMPHASIS], 1, halved, axis=1) * np.hamming(halved.shape[1])
    found = np.tile([500.0, 1500.0], (len(frames), 1))  # of a neutral vowel
    for k, frame in enumerate(np.asarray(emphasised)):
        autocorrelation = np.correlate(frame, frame, "full")[len(frame) - 1 : len(frame) + _ORDER]
        if autocorrelation[0] < 1e-6:
            continue
        autocorrelation[0] *= 1 + 1e-6
        predictor = scipy.linalg.solve_toeplitz(autocorrelation[:-1], autocorrelation[1:])
        roots = np.roots(np.concatenate([[1], -predictor]))
        hz = np.angle(roots) * SAMPLE_RATE / 2 / (2 * np.pi)
        width = -np.log(np.abs(roots)) * SAMPLE_RATE / 2 / np.pi
        resonances = np.sort(hz[(hz > 150) & (hz < 3800) & (width < 500)])
        if len(resonances) >= 2:
            found[k] = resonances[:2]
    return found


def by_recognised_phones(samples: NDArray[np.float32]) -> Mouth:
    """Recognise English phones with PocketSphinx and articulate them by the judge's own table.

    Raises
    ------
    UserError
        If PocketSphinx is not installed.
    """
    try:
        # An optional extra: where it is not installed no import of it can be checked.
        pocketsphinx: Any = import_module("pocketsphinx")
    except ImportError:
        raise UserError("Phones are recognised by PocketSphinx; run 'pip install pocketsphinx'.") from None
    model = Path(pocketsphinx.get_model_path()) / "en-us" / "en-us-phone.lm.bin"
    decoder = pocketsphinx.Decoder(
        lm=None, allphone=str(model), lw=2.0, pip=0.3, beam=1e-20, pbeam=1e-20, loglevel="FATAL"
    )
    decoder.start_utt()
    decoder.process_raw((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    heard = [(s.start_frame * HOP_SECONDS, (s.end_frame + 1) * HOP_SECONDS, arpabet(s.word)) for s in decoder.seg()]
    seconds = len(samples) / SAMPLE_RATE
    tracks = target_tracks(filled([phone for phone in heard if phone[2]], seconds), len(samples) // HOP)
    return mouth_of(**dict(zip(TARGETS, tracks.T, strict=True)))
