"""From sound to a condition (section 3.2): AudioNet, AudioAttNet, and the embedding of the time delta."""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.core.nets.embeddings import wave_embedding
from studio.core.speech.hidden import WINDOW_AHEAD, WINDOW_STEPS

_LAG_ORDER = 5
_LAG_SCALE = 0.25  # the slowest wave of the time delta turns once in 16 s
_AT_FIRST = 4.0
LAG_NUMBERS = 2 * (_LAG_ORDER + 1)


class AudioNet(nn.Module):
    """1-D convolutions over a window's steps, then two layers for each step: ``[B,16,F]`` to ``[B,16,C]``."""

    def __init__(self, features: int, channels: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv1d(features if i == 0 else channels, channels, 3, padding=1) for i in range(3)
        )
        self.layers = nn.ModuleList(nn.Linear(channels, channels) for _ in range(2))

    def forward(self, steps: Tensor) -> Tensor:
        """Return the embedding of every step."""
        x = steps.transpose(1, 2)
        for convolution in self.convolutions:
            x = F.leaky_relu(convolution(x), 0.02)
        x = x.transpose(1, 2)
        return self.layers[1](F.leaky_relu(self.layers[0](x), 0.02))


class AudioAttNet(nn.Module):
    """Weighs the steps of a window: convolutions of 16, 8, 4, 2 and 1 channels, a layer, a softmax."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        widths = (channels, 16, 8, 4, 2, 1)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, after, 3, padding=1) for before, after in itertools.pairwise(widths)
        )
        self.layer = nn.Linear(WINDOW_STEPS, WINDOW_STEPS)
        # At first it listens to the moment itself. The mean of a window says little of it (the jaw's opening can be
        # read off with r .34, off the step after the moment with .93), and from there attention is learnt last.
        nn.init.constant_(self.layer.bias, 0.0)
        with torch.no_grad():
            self.layer.bias[WINDOW_STEPS - WINDOW_AHEAD] = _AT_FIRST

    def weights(self, embeddings: Tensor) -> Tensor:
        """Return how much each step of ``[B,16,C]`` counts ``[B,16]``; they sum to 1."""
        x = embeddings.transpose(1, 2)
        for convolution in self.convolutions:
            x = F.leaky_relu(convolution(x), 0.02)
        return torch.softmax(self.layer(x[:, 0]), 1)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Return the weighted sum ``[B,C]``."""
        return (self.weights(embeddings)[..., None] * embeddings).sum(1)


def keep_variance(module: nn.Module) -> None:
    """Draw weights anew so that what goes in comes out as strong: torch's own would halve it at every layer.

    What is heard would then reach the decoder a hundred times weaker than the time delta, and be learnt last.
    """
    for part in module.modules():
        if isinstance(part, nn.Conv1d | nn.Linear):
            nn.init.kaiming_normal_(part.weight, nonlinearity="leaky_relu", a=0.02)


class AudioCondition(nn.Module):
    """Sound and time delta as one condition."""

    def __init__(self, features: int, channels: int) -> None:
        super().__init__()
        self.net, self.attention = AudioNet(features, channels), AudioAttNet(channels)
        self.numbers = channels + LAG_NUMBERS
        keep_variance(self.net)

    def forward(self, steps: Tensor, lag: Tensor) -> Tensor:
        """Return ``[B,C+12]`` of windows ``[B,16,F]`` and time deltas ``[B]`` s."""
        return torch.cat([self.attention(self.net(steps)), wave_embedding(lag[:, None] * _LAG_SCALE, _LAG_ORDER)], 1)
