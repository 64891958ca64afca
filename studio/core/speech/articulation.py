"""Eight articulatory channels to the 52 ARKit blendshapes.

ARKit opens the mouth with `jawOpen` and seals the lips of that open jaw with `mouthClose`, so a closed
mouth with a lowered jaw has both equal. Coefficients here follow that meaning, never `mouthClose` above
`jawOpen`.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES

# The jaw channel has its neutral at 0.08 (the teeth just apart) and open vowels at 0.5..0.65.
_JAW_REST = 0.08
_JAW_SCALE = 1.05
# Peaks of the close channel over real p, b, m reach 0.3..0.9; the lips meet fully from there on.
_CLOSURE = (0.2, 0.5)
_PARTED, _BITING = 0.11, 0.1  # jawOpen that shows the teeth of s, and those of f
_CLOSED_JAW = 0.3  # how much of its opening the jaw keeps while the lips are shut


def articulate(channels: NDArray[np.floating], gain: float = 1.0, closure: float = 1.0) -> NDArray[np.float32]:
    """Return ARKit coefficients ``[52]`` in 0..1 for the channels ``[8]`` (`network.CHANNELS`) of one moment.

    Parameters
    ----------
    channels
        Gated by voice: all zero is the mouth at rest.
    gain
        Scales every movement but the sealing of the lips.
    closure
        How readily the lips seal: 0 never, 2 at half of what 1 needs.
    """
    # Plain numbers: of arrays this small, every call of numpy costs more than all the sums.
    jaw, close, round_, spread, fv, tongue, teeth, _ = channels.tolist()
    sealed = _smooth_step(closure * close, *_CLOSURE)
    labiodental = _smooth_step(fv, 0.3, 0.8)
    apart = 1 - sealed

    # Sibilants and the tip of the tongue are seen between the lips, so those part even over a closed jaw.
    parted = max(_PARTED * max(teeth, tongue), _BITING * labiodental)
    jaw_open = gain * max(_JAW_SCALE * max(jaw - _JAW_REST, 0.0) * (1 - 0.4 * labiodental), parted)
    # p, b, m shut the lips over a jaw that rises.
    jaw_open = jaw_open * (1 - (1 - _CLOSED_JAW) * sealed)
    # A sealed mouth still has a little jaw to seal; without it mouthClose would have nothing to do.
    jaw_open = min(jaw_open + 0.04 * sealed, 0.9)
    rounding = gain * round_ * apart
    spreading = gain * spread * apart * (1 - round_)
    showing = gain * teeth * apart * (1 - labiodental)

    tracks = {
        "jawOpen": jaw_open,
        "mouthClose": sealed * jaw_open,
        "mouthPucker": 0.75 * rounding,
        "mouthFunnel": rounding * (0.18 + 0.27 * _smooth_step(jaw, 0.1, 0.4) + 0.3 * teeth),
        "mouthStretch": 0.32 * spreading,
        "mouthSmile": 0.25 * spreading,
        # f and v: the lower lip goes in under the upper teeth, which the upper lip uncovers.
        "mouthRollLower": 0.5 * labiodental * apart + 0.15 * sealed,
        "mouthUpperUp": 0.55 * labiodental * apart + 0.2 * showing,
        "mouthLowerDown": 0.38 * showing + 0.1 * spreading,
        # Lips that are parted in the portrait, by a smile, are shut by pressing and by raising the lower one.
        "mouthPress": 0.65 * sealed,
        "mouthShrugLower": 0.3 * sealed,
        "mouthRollUpper": 0.12 * sealed,
        "cheekSquint": 0.12 * spreading,
        "tongueOut": 0.04 * gain * tongue * apart,
    }
    code = np.zeros(len(ARKIT_NAMES), np.float32)
    for name, value in tracks.items():
        for column in _columns(name):
            code[column] = min(max(value, 0.0), 1.0)
    return code


@cache
def _columns(name: str) -> tuple[int, ...]:
    """Return where a track stands in the code: once, or for the left and the right."""
    return tuple(ARKIT_INDEX[side] for side in (name, name + "Left", name + "Right") if side in ARKIT_INDEX)


def _smooth_step(x: float, low: float, high: float) -> float:
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)
