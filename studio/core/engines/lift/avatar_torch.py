"""A `lift` avatar on a torch device: what it poses and shades are tensors there."""

from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studio.core.engines.lift.avatar import REVEALED_AT, LiftAvatar
from studio.core.engines.lift.posing_torch import Posing, Replay
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.motion.motion import Motion


class LiftAvatarOnDevice(LiftAvatar):
    """The twin of a `LiftAvatar`; see `studio.core.avatar.DeviceAvatar`.

    On a GPU a single frame is posed by a recorded CUDA graph; a batch, launched kernel by kernel for all of
    its frames at once, does not need one.
    """

    def __init__(self, avatar: LiftAvatar, device: str) -> None:
        vars(self).update(vars(avatar))
        self.device = device
        self._posing = Posing(
            avatar.rig, avatar.surfels, avatar.binding, avatar.follow, avatar.revealed_by, REVEALED_AT,
            avatar.correctives, device,
        )  # fmt: skip
        self._replay: Replay | None = None
        self._recording = Lock()
        self._colors = torch.tensor(avatar.surfels.colors, device=device)
        self._seen = torch.tensor(avatar.surfels.seen, device=device)
        self._plate: tuple[NDArray[np.float32], Any] | None = None

    def with_colors(self, colors: NDArray[np.float32]) -> "LiftAvatarOnDevice":
        """Return this head with other Gaussian colours ``[N,3]``."""
        return LiftAvatarOnDevice(super().with_colors(colors), self.device)

    def pose(self, frame: Motion, camera: Camera, out: Gaussians | None = None) -> Gaussians:
        """Return the Gaussians ``[N]`` of one ARKit frame, in tensors of their own."""
        codes = self._codes([frame])
        if torch.device(self.device).type != "cuda":
            return self._gaussians(self._posing(codes))[0]
        with self._recording:
            if self._replay is None:
                self._replay = Replay(self._posing, codes.to(self.device))
        return self._gaussians(self._replay(codes))[0]

    def pose_batch(self, frames: Sequence[Motion], camera: Camera) -> list[Gaussians]:
        """Return the Gaussians of many ARKit frames."""
        # Pageable memory is staged before the call returns: nothing waits, and nothing is overtaken.
        codes = self._codes(frames).to(self.device, non_blocking=True)
        with torch.no_grad():
            return self._gaussians(self._posing(codes))

    def _codes(self, frames: Sequence[Motion]) -> Tensor:
        for frame in frames:
            if frame.space != self.motion_space:
                raise ValueError(f"a lift avatar follows 'arkit' motion, not '{frame.space}'")
        return torch.from_numpy(np.stack([self._posing.code(frame) for frame in frames]))

    def _gaussians(self, posed: tuple[Tensor, ...]) -> list[Gaussians]:
        # Colours that no frame changes are handed out as one tensor, by which whoever tints them knows them again.
        same = self.correctives is None
        return [
            Gaussians(means, quats, scales, opacities, self._colors if same else colors, self._seen)  # pyright: ignore
            for means, quats, scales, opacities, colors in zip(*posed, strict=True)
        ]

    def _plate_in(self, camera: Camera) -> Any:
        """Return the plate as `camera` frames it, uploaded once per framing."""
        view = super()._plate_in(camera)
        cached = self._plate  # the window and an export may both ask: read it once
        if cached is None or cached[0] is not view:
            cached = self._plate = view, torch.tensor(view, device=self.device)
        return cached[1]
