"""A flat picture of a head, and the engine that makes one of a portrait: a face that trackers find, in no time."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.avatar import Avatar, AvatarState, Background, Consent
from studio.core.engines.base import BuildOptions, Engine, Footage, Variant
from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.jobs import Job, Progress
from studio.core.motion.motion import Motion
from studio.core.motion.poses import NECK_JOINT
from studio.core.perception.portrait import Portrait
from studio.core.render.composite import Picture, composite
from studio.core.render.raster import Raster

DISTANCE = 1.0  # m


@dataclass(eq=False)
class FlatAvatar:
    """A picture on a plane before the camera, a Gaussian on each pixel; it follows the head's pose alone."""

    rgb: NDArray[np.uint8]
    name: str = "flat"
    engine: str = "flat"
    motion_space: str = "arkit"
    consent: Consent = field(default_factory=Consent)
    notes: tuple[str, ...] = ()
    pivot: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))

    def __post_init__(self) -> None:
        height, width = self.rgb.shape[:2]
        frontal = Camera.frontal(width, 6.0 * height / 2, DISTANCE)
        self.camera = frontal.cropped(0, (width - height) / 2, width, height, width, height)
        self.head_box = np.array([width * 0.2, height * 0.05, width * 0.8, height * 0.8])
        self.thumbnail = self.rgb[:16, :16]
        y, x = np.mgrid[:height, :width] + 0.5
        pixels = np.column_stack([x.ravel(), y.ravel()])
        self.means = self.camera.unproject(pixels, np.full(len(pixels), DISTANCE - 0.08)).astype(np.float32)
        self.size = np.float32(0.5 * (DISTANCE - 0.08) / self.camera.K[0, 0])

    def pose(self, frame: Motion, camera: Camera, out: Gaussians | None = None) -> Gaussians:
        turn = Rotation.from_rotvec(frame.head_pose[0, :3]).as_matrix()
        means = (self.means - NECK_JOINT) @ turn.T + NECK_JOINT + frame.head_pose[0, 3:]
        n = len(means)
        quats, scales = np.tile(np.array([1, 0, 0, 0], np.float32), (n, 1)), np.full((n, 3), self.size)
        colors = (self.rgb.reshape(-1, 3) / 255).astype(np.float32)
        return Gaussians(means.astype(np.float32), quats, scales, np.full(n, 0.9, np.float32), colors)

    def shade(
        self, raster: Raster, frame: Motion, camera: Camera, background: Background, out: Picture | None = None
    ) -> Picture:
        return composite(raster, (0.5, 0.5, 0.5), out)

    def state(self) -> AvatarState:
        return AvatarState(self.engine, {"rgb": self.rgb}, {"name": self.name, "consent": asdict(self.consent)})


class FlatEngine:
    """Makes a `FlatAvatar`; register it as "flat_avatar:FlatEngine" in `registry.ENGINES`."""

    name: ClassVar[str] = "flat"
    drivers: ClassVar[tuple[str, ...]] = ()
    takes_heads: ClassVar[bool] = False

    def reconstruct(
        self, portrait: Portrait, seed: int = 0, consent: Consent = Consent(), *, options: BuildOptions = BuildOptions()
    ) -> Job[Avatar]:
        avatar = FlatAvatar(np.round(portrait.rgb * 255).astype(np.uint8), portrait.name, consent=consent)
        yield Progress(0.5, "flattening", preview=avatar)
        return avatar

    def adapt(
        self, avatar: Avatar, footage: Footage, minutes: float, seed: int = 0, kept_in: Path | None = None
    ) -> Job[Avatar]:
        raise UserError("A flat picture learns nothing; use another engine.")
        yield

    def load(self, state: AvatarState) -> Avatar:
        return FlatAvatar(state.arrays["rgb"], state.meta["name"], consent=Consent(**state.meta["consent"]))


class BrokenEngine(FlatEngine):
    """An engine with a bug."""

    name: ClassVar[str] = "broken"

    def reconstruct(
        self, portrait: Portrait, seed: int = 0, consent: Consent = Consent(), *, options: BuildOptions = BuildOptions()
    ) -> Job[Avatar]:
        yield Progress(0.5, "breaking")
        raise ZeroDivisionError("by nought")


class LearnedEngine(BrokenEngine):
    """An engine that says it was trained, and breaks."""

    name: ClassVar[str] = "learned"

    def variant(self, name: Variant) -> Engine:
        return self
