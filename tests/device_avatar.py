"""A tiny avatar that can be moved to a torch device."""

from collections.abc import Sequence

from fakes import TinyAvatar

from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.motion.motion import Motion


class TinyTwin(TinyAvatar):
    """A tiny avatar whose Gaussians are tensors."""

    device = "cpu"
    batches: list[int]

    @staticmethod
    def of(avatar: TinyAvatar, device: str = "cpu") -> "TinyTwin":
        twin = TinyTwin(avatar.means, avatar.colors, avatar.jaw, avatar.plate)
        twin.device, twin.batches = device, []
        return twin

    def pose(self, frame: Motion, camera: Camera, out: Gaussians | None = None) -> Gaussians:
        return super().pose(frame, camera).on(self.device)

    def pose_batch(self, frames: Sequence[Motion], camera: Camera) -> list[Gaussians]:
        self.batches.append(len(frames))
        return [self.pose(frame, camera) for frame in frames]


class MovableAvatar(TinyAvatar):
    def on(self, device: str) -> TinyTwin:
        return TinyTwin.of(self, device)
