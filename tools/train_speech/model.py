"""The two networks in PyTorch, their layers named as the shipped tensors are."""

import torch
from torch import Tensor, nn

from studio.core.speech.features import MELS
from studio.core.speech.network import CHANNELS, DELAYS

from .articulation import SYMBOLS

CONVOLUTION = 128
STREAM_HIDDEN = 160
RECORDING_HIDDEN = 128


class SpeechNet(nn.Module):
    """Two causal convolutions, two GRU layers, a linear head.

    The live one answers for `DELAYS` hops before the newest; the one for recordings has GRUs in both directions
    and answers for each hop itself. `phone` guesses the phone as well: it teaches the layers below to tell
    sounds apart and is not shipped.
    """

    def __init__(self, recording: bool) -> None:
        super().__init__()
        self.delays = (0,) if recording else DELAYS
        hidden = RECORDING_HIDDEN if recording else STREAM_HIDDEN
        self.conv1 = nn.Conv1d(MELS, CONVOLUTION, 5)
        self.conv2 = nn.Conv1d(CONVOLUTION, CONVOLUTION, 3)
        self.gru = nn.GRU(CONVOLUTION, hidden, 2, batch_first=True, bidirectional=recording)
        width = hidden * (2 if recording else 1)
        self.head = nn.Linear(width, len(self.delays) * len(CHANNELS))
        self.phone = nn.Linear(width, len(SYMBOLS))

    def forward(self, log_mels: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of the channels ``[B, T, delays, 8]`` and of the phones ``[B, T, symbols]``.

        The phone is that of the longest delay. Frames before the first are zeros.
        """
        x = nn.functional.pad(log_mels.transpose(1, 2), (6, 0))  # [B, MELS, T+6]
        x = torch.relu(self.conv2(torch.relu(self.conv1(x)))).transpose(1, 2)
        x, _ = self.gru(x)
        channels = self.head(x).reshape(*x.shape[:2], len(self.delays), len(CHANNELS))
        return channels, self.phone(x)


@torch.no_grad()
def start_from(net: SpeechNet, tensors: dict[str, Tensor]) -> None:
    """Copy a smaller network's weights into the first units of `net`, which then begins by answering alike.

    Its further units keep their random input weights; what they say is at first ignored.
    """
    for name, target in net.state_dict().items():
        source = tensors.get(name)
        if source is None:
            continue
        gates = 3 if name.startswith("gru") else 1  # reset, update and new are stacked
        old = source.reshape(gates, -1, *source.shape[1:])
        new = target.reshape(gates, -1, *target.shape[1:])
        rows = old.shape[1]
        if old.ndim > 2:
            new[:, :rows, old.shape[2] :] = 0
            new[:, :rows, : old.shape[2]] = old
        else:
            new[:, :rows] = old
