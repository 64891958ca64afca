"""The two networks in PyTorch, their layers named as the shipped tensors are.

Both also guess the phone (`phone`): it teaches the layers below to tell sounds apart and is not shipped.
"""

import torch
from torch import Tensor, nn

from studio.core.speech.features import MELS
from studio.core.speech.network import CHANNELS, DELAYS, RECORDING_SHAPES, SHAPES

from .articulation import SYMBOLS

_CONVOLUTION = SHAPES["conv1.weight"][0]
_HIDDEN = SHAPES["head.weight"][1]
_BACKWARD = RECORDING_SHAPES["gru.weight_hh_l0"][1]
_JAW_UNITS = SHAPES["jaw1.bias"][0]
_JAW = CHANNELS.index("jaw")


class LiveNet(nn.Module):
    """Two causal convolutions, two GRU layers, a head that answers for `DELAYS` hops before the newest."""

    delays = DELAYS

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(MELS, _CONVOLUTION, 5)
        self.conv2 = nn.Conv1d(_CONVOLUTION, _CONVOLUTION, 3)
        self.gru = nn.GRU(_CONVOLUTION, _HIDDEN, 2, batch_first=True)
        self.head = nn.Linear(_HIDDEN, len(DELAYS) * len(CHANNELS))
        self.jaw1, self.jaw2 = nn.Linear(_HIDDEN, _JAW_UNITS), nn.Linear(_JAW_UNITS, len(DELAYS))
        self.phone = nn.Linear(_HIDDEN, len(SYMBOLS))
        self.begin_jaw()

    def begin_jaw(self) -> None:
        """Let the jaw's hidden layer begin anew, with nothing to add to the linear head."""
        self.jaw1.reset_parameters()
        nn.init.zeros_(self.jaw2.weight)
        nn.init.zeros_(self.jaw2.bias)

    def listen(self, log_mels: Tensor) -> Tensor:
        """Return what has been heard up to each hop, ``[B, T, 160]``; the frames before the first are zeros."""
        x = nn.functional.pad(log_mels.transpose(1, 2), (6, 0))  # [B, MELS, T+6]
        x = torch.relu(self.conv2(torch.relu(self.conv1(x)))).transpose(1, 2)
        return self.gru(x)[0]

    def forward(self, log_mels: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of the channels ``[B, T, 3, 8]`` and of the phone at the longest delay ``[B, T, symbols]``."""
        x = self.listen(log_mels)
        logits = self.head(x).reshape(*x.shape[:2], len(DELAYS), len(CHANNELS))
        logits[..., _JAW] = self.jaw(x)
        return logits, self.phone(x)

    def jaw(self, heard: Tensor) -> Tensor:
        """Return logits of the jaw ``[B, T, 3]`` for what `listen` returns."""
        rows = slice(_JAW, None, len(CHANNELS))
        linear = nn.functional.linear(heard, self.head.weight[rows], self.head.bias[rows])
        return linear + self.jaw2(torch.relu(self.jaw1(heard)))


class RecordingNet(nn.Module):
    """A live network, which stays as it is, and a GRU that reads what it heard from the future back."""

    delays = (0,)

    def __init__(self, live: LiveNet) -> None:
        super().__init__()
        self.live = live.requires_grad_(False)
        self.gru = nn.GRU(_HIDDEN, _BACKWARD, batch_first=True)
        self.head = nn.Linear(_HIDDEN + _BACKWARD, len(CHANNELS))
        self.phone = nn.Linear(_HIDDEN + _BACKWARD, len(SYMBOLS))

    def forward(self, log_mels: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of the channels ``[B, T, 1, 8]`` and of the phones ``[B, T, symbols]``, without delay."""
        with torch.no_grad():
            heard = self.live.listen(log_mels)
        to_come = self.gru(heard.flip(1))[0].flip(1)
        both = torch.cat([heard, to_come], 2)
        return self.head(both)[:, :, None], self.phone(both)


Net = LiveNet | RecordingNet
