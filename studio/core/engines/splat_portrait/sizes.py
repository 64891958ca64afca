"""How large the networks are: as published, and as trained here."""

from dataclasses import dataclass, field, replace

from studio.core.nets.unet import UNetSize
from studio.core.speech.hidden import HIDDEN_SIZE

ATTRIBUTES = 15
"""Numbers per Gaussian: opacity, depth, static offset, scale, rotation, colour."""


@dataclass(frozen=True)
class ModelSize:
    """Sizes of all networks, and which of our own variants they have.

    Attributes
    ----------
    unet
        Of the static generator and the dynamic decoder.
    two_layers
        Ours: every pixel has a second Gaussian, for what lies hidden behind it.
    lifted_depth
        Ours: the depth that `lift` solves for is an input. The paper's claim, no head model, does not hold then.
    spread_background
        Ours: what lies behind the head is what the picture shows around it, spread; the paper predicts its colours.
    parting
        Ours: every splat has two motions, and the picture says how much of which, with a sharp line between lips. One
        smooth motion stretches lips in place of parting them.
    dynamic_width
        The most channels that a level of the dynamic decoder has.
    audio_features
        Of each of the 16 steps that AudioNet hears: the speech network's hidden states, or XLSR's.
    audio_channels
        Of what AudioNet and AudioAttNet make of them.
    """

    unet: UNetSize
    two_layers: bool = False
    lifted_depth: bool = False
    spread_background: bool = False
    parting: bool = False
    dynamic_width: int = 256
    audio_features: int = HIDDEN_SIZE
    audio_channels: int = 64

    @property
    def layers(self) -> int:
        """Gaussians per pixel."""
        return 2 if self.two_layers else 1

    @property
    def inputs(self) -> int:
        """Channels that the static generator sees: the picture, where each pixel is, the lift's depth."""
        return 5 + self.lifted_depth

    @property
    def feature_widths(self) -> tuple[int, ...]:
        """Channels of what the dynamic decoder is given of each level, coarsest first."""
        *coarse, finest = self.unet.widths[::-1]
        return *coarse, finest + (3 * self.unet.patch**2 if self.parting else 0)

    @property
    def dynamic_widths(self) -> tuple[int, ...]:
        """Channels of each level of the dynamic decoder, coarsest first."""
        return tuple(min(width, self.dynamic_width) for width in self.unet.widths[::-1])

    @property
    def motions(self) -> int:
        """Offsets that the dynamic decoder finds for a splat."""
        return 2 if self.parting else 1

    @property
    def outputs(self) -> int:
        """Channels of its maps: its Gaussians, the background's gate, and a colour where that is predicted."""
        return self.layers * ATTRIBUTES + (1 if self.spread_background else 4)


# Section 4: SongUNet at 256²; sizes as in Splatter Image, whose design the static generator follows. XLSR-53 gives
# 1024 features.
PAPER = ModelSize(UNetSize(256), audio_features=1024)
SMALL = ModelSize(UNetSize(128, 48, (1, 1, 2, 4, 4), blocks=0, attention=(16,), patch=2), dynamic_width=96)
# For tests: everything there is, in milliseconds.
TINY = ModelSize(UNetSize(16, 8, (1, 2), blocks=1, attention=(4,), patch=2), audio_channels=8)

_SIZES = {"small": SMALL, "paper": PAPER, "tiny": TINY}
CONFIGS = tuple(_SIZES)
VARIANTS = ("two_layers", "lifted_depth", "spread_background", "parting")


@dataclass(frozen=True)
class Variants:
    """Which of `VARIANTS` are on; none is the paper's own."""

    names: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        for name in self.names:
            if name not in VARIANTS:
                raise ValueError(f"no variant '{name}'; there are {', '.join(VARIANTS)}")


def model_size(config: str, variants: Variants = Variants()) -> ModelSize:
    """Return the sizes of ``paper``, ``small`` or ``tiny``.

    Raises
    ------
    ValueError
        If there is no such configuration.
    """
    if config not in _SIZES:
        raise ValueError(f"no configuration '{config}'; there are {', '.join(_SIZES)}")
    return replace(_SIZES[config], **dict.fromkeys(variants.names, True))
