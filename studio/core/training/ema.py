"""An exponential moving average of weights, which is what is validated and shipped."""

import copy

import torch
from torch import nn


class Average:
    """The average of a network's parameters over its steps; buffers are copied.

    Parameters
    ----------
    decay
        Of the average per step; in the first steps less, (1 + step) / (10 + step), so that the start is forgotten.
    """

    def __init__(self, modules: nn.Module, decay: float) -> None:
        self.modules = copy.deepcopy(modules).requires_grad_(False).eval()
        self._decay = decay

    @torch.no_grad()
    def update(self, modules: nn.Module, step: int) -> None:
        """Take in the weights after step `step`, counted from 0."""
        weight = 1 - min(self._decay, (1 + step) / (10 + step))
        for ours, theirs in zip(self.modules.parameters(), modules.parameters(), strict=True):
            ours.lerp_(theirs, weight)
        for ours, theirs in zip(self.modules.buffers(), modules.buffers(), strict=True):
            ours.copy_(theirs)
