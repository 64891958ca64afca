"""A tiny avatar and a scriptable engine: the whole product in milliseconds, without a face or a network."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, AvatarState, Background, Consent
from studio.core.engines.base import BuildOptions, Footage, Learning
from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.jobs import Job, Progress, Stopwatch
from studio.core.motion.motion import Motion
from studio.core.perception.portrait import Portrait
from studio.core.perception.preflight import Preflight
from studio.core.personalize import OtherPersonError, Personalized
from studio.core.render.composite import Picture, composite
from studio.core.render.rasterize import Raster

PLATE = np.broadcast_to(np.linspace(0.25, 0.6, 128)[:, None, None] * [0.5, 0.7, 1.0], (128, 128, 3))
PLATE = np.ascontiguousarray(PLATE, np.float32)
RADIUS = 0.1  # m, of the sphere that stands for a head
ARRAYS = ("means", "colors", "jaw", "plate")


def axis_angle_matrix(vector: NDArray) -> NDArray[np.float64]:
    """Rotation matrix ``[3,3]`` of an axis-angle vector, rad (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    if angle == 0:
        return np.eye(3)
    x, y, z = np.asarray(vector, np.float64) / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


@dataclass(eq=False)
class TinyAvatar:
    """A sphere with two dark eyes and a mouth; its lower third sinks with jawOpen."""

    means: NDArray[np.float32]
    """``[N,3]`` m at rest."""
    colors: NDArray[np.float32]
    jaw: NDArray[np.float32]
    """``[N]`` 0..1: how far jawOpen carries a Gaussian down."""
    plate: NDArray[np.float32]
    """``[H,W,3]`` 0..1."""
    name: str = "tiny"
    consent: Consent = field(default_factory=Consent)
    engine: str = "tiny"
    motion_space: str = "arkit"
    camera: Camera = field(default_factory=lambda: Camera.frontal(128, 400.0, 0.8))
    pivot: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    head_box: NDArray[np.float64] = field(default_factory=lambda: np.array([12.0, 12.0, 116.0, 116.0]))
    notes: tuple[str, ...] = ()
    options: BuildOptions = field(default_factory=BuildOptions)
    thumbnail: NDArray[np.uint8] = field(init=False)
    seen: NDArray[np.bool_] | None = None
    """``[N]``; forgotten when the avatar is saved."""

    def __post_init__(self) -> None:
        y, x = np.mgrid[:128, :128] - 63.5
        picture = np.where((x**2 + y**2 < 50**2)[..., None], self.colors.mean(axis=0), PLATE)
        self.thumbnail = (picture * 255).astype(np.uint8)

    @staticmethod
    def make(count: int = 600, seed: int = 0, name: str = "tiny", consent: Consent = Consent()) -> "TinyAvatar":
        """Spread `count` Gaussians evenly over the sphere."""
        i = np.arange(count) + 0.5
        polar, turn = np.arccos(1 - 2 * i / count), np.pi * (1 + 5**0.5) * i
        unit = np.stack([np.sin(polar) * np.cos(turn), np.cos(polar), np.sin(polar) * np.sin(turn)], axis=1)
        rng = np.random.default_rng(seed)
        colors = np.array([0.85, 0.62, 0.5]) + rng.normal(0, 0.03, (count, 3))
        colors[unit[:, 2] < 0] *= 0.4
        for x in (-0.4, 0.4):
            colors[np.linalg.norm(unit - [x, 0.3, 0.86], axis=1) < 0.2] = 0.08
        mouth = (abs(unit[:, 1] + 0.4) < 0.12) & (abs(unit[:, 0]) < 0.4) & (unit[:, 2] > 0)
        colors[mouth] = [0.5, 0.1, 0.12]
        jaw = np.clip((-0.35 - unit[:, 1]) / 0.15, 0, 1) * (unit[:, 2] > 0)
        return TinyAvatar(
            (unit * RADIUS).astype(np.float32),
            np.clip(colors, 0, 1).astype(np.float32),
            jaw.astype(np.float32),
            PLATE,
            name,
            consent,
        )

    def pose(self, frame: Motion, camera: Camera, out: Gaussians | None = None) -> Gaussians:
        """Move the jaw, then the head, in fresh memory."""
        means = self.means.astype(np.float64)
        means[:, 1] -= self.jaw * frame.code[0, ARKIT_INDEX["jawOpen"]] * 0.04
        means = means @ axis_angle_matrix(frame.head_pose[0, :3]).T + frame.head_pose[0, 3:]
        n = len(means)
        return Gaussians(
            means.astype(np.float32),
            np.tile(np.array([1, 0, 0, 0], np.float32), (n, 1)),
            np.full((n, 3), RADIUS * 1.4 / np.sqrt(n), np.float32),
            np.full(n, 0.95, np.float32),
            self.colors,
            self.seen,
        )

    def shade(
        self, raster: Raster, frame: Motion, camera: Camera, background: Background, out: Picture | None = None
    ) -> Picture:
        """Composite over the plate (stretched to the picture), a colour, a picture or nothing."""
        if isinstance(background, str):
            if background == "transparent":
                return composite(raster, None, out)
            rows = np.arange(camera.height) * len(self.plate) // camera.height
            columns = np.arange(camera.width) * self.plate.shape[1] // camera.width
            background = np.ascontiguousarray(self.plate[np.ix_(rows, columns)])
        return composite(raster, background, out)

    def state(self) -> AvatarState:
        """Everything but the constants."""
        return AvatarState(
            self.engine,
            {name: getattr(self, name) for name in ARRAYS},
            {
                "name": self.name,
                "consent": vars(self.consent).copy(),
                "notes": list(self.notes),
                "options": self.options.told(),
            },
        )

    @staticmethod
    def from_state(state: AvatarState) -> "TinyAvatar":
        """Rebuild what `state` described, bit for bit; refuse what no `state` describes, as every engine."""
        try:
            means, colors, jaw, plate = (state.arrays[name] for name in ARRAYS)
            shapes = (means.shape, colors.shape, jaw.shape, plate.shape[2:])
            if shapes != ((len(jaw), 3), (len(jaw), 3), (len(jaw),), (3,)):
                raise ValueError(f"misshapen arrays: {shapes}")
            if any(array.dtype != np.float32 for array in (means, colors, jaw, plate)):
                raise ValueError("arrays of another type")
            if any(abs(array).max(initial=0) > 1e6 for array in (means, colors, jaw, plate)):
                raise ValueError("values out of range")
            consent = Consent(**state.meta["consent"])
            notes = tuple(state.meta["notes"])
            options = BuildOptions.from_meta(state.meta)
            return TinyAvatar(means, colors, jaw, plate, state.meta["name"], consent, notes=notes, options=options)
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise UserError("The tiny avatar's data are damaged; build it again.") from error


@dataclass
class TinyEngine:
    """Builds a `TinyAvatar`: a coarse preview first, then `steps` more reports, then the avatar.

    Register it with ``monkeypatch.setitem(registry.ENGINES, "tiny", "fakes:TinyEngine")``, or give the
    window one that is scripted by the fields below.
    """

    name: ClassVar[str] = "tiny"
    drivers: ClassVar[tuple[str, ...]] = ()
    takes_heads: ClassVar[bool] = False
    steps: int = 3
    fail: Exception | None = None
    """Raised after the preview."""
    gate: threading.Event | None = None
    """Each step after the preview waits until this is set, reporting meanwhile."""
    threads: set[int] = field(default_factory=set)
    """Identities of the threads that ran any part of a job."""
    closed: int = 0
    """How many jobs ended early, on whichever thread is in `threads`."""

    def adapt(
        self, avatar: Avatar, footage: Footage, minutes: float, seed: int = 0, kept_in: Path | None = None
    ) -> Job[Avatar]:
        """Refuse."""
        raise UserError("A tiny avatar cannot be personalised; use another engine.")
        yield

    def reconstruct(
        self,
        portrait: Portrait,
        seed: int = 0,
        consent: Consent = Consent(),
        *,
        options: BuildOptions = BuildOptions(),
    ) -> Job[TinyAvatar]:
        """Yield a coarse avatar, then finer ones."""
        watch = Stopwatch()
        done = False
        try:
            self.threads.add(threading.get_ident())
            yield watch.progress(0.1, "placing the head", TinyAvatar.make(150, seed, portrait.name, consent))
            if self.fail is not None:
                raise self.fail
            for step in range(self.steps):
                while self.gate is not None and not self.gate.wait(0.01):
                    yield watch.progress(0.2, "waiting")
                self.threads.add(threading.get_ident())
                yield watch.progress(0.2 + 0.7 * step / self.steps, "sharpening")
            done = True
            return replace(TinyAvatar.make(600, seed, portrait.name, consent), options=options)
        finally:
            self.threads.add(threading.get_ident())
            self.closed += not done

    def load(self, state: AvatarState) -> TinyAvatar:
        """Rebuild a saved `TinyAvatar`."""
        return TinyAvatar.from_state(state)


@dataclass
class TinyLearner:
    """Stands in for `studio.core.personalize.personalize_avatar` in the window's tests: it colours the head."""

    gate: threading.Event = field(default_factory=threading.Event)
    """After its first preview it waits until this is set, reporting meanwhile."""
    helps: bool = True
    doubts: bool = False
    """Whether it asks if this is the same person."""
    calls: list[tuple[tuple[Path, ...], bool, Path]] = field(default_factory=list)

    def __call__(
        self, avatar: Avatar, paths: Sequence[Path], *, same_person: bool, kept_in: Path, face: int
    ) -> Job[Personalized]:
        """Learn from any files without reading them."""
        self.calls.append((tuple(paths), same_person, kept_in))
        yield Progress(0.1, "looking at the clip")
        if self.doubts and not same_person:
            raise OtherPersonError(avatar.name)
        assert isinstance(avatar, TinyAvatar)
        better = replace(avatar, colors=np.clip(avatar.colors * 1.1, 0, 1).astype(np.float32))
        kept_in.write_text("so far")
        real, start, best = (np.full((24, 32, 3), grey, np.uint8) for grey in (128, 64, 188))
        yield Progress(0.3, "learning", preview=Learning(better, 20.0, 21.5, real, start, best))
        while not self.gate.wait(0.01):
            yield Progress(0.5, "learning")
        if not self.helps:
            return Personalized(avatar, 20.0, 20.0, 0.1, ("Nothing came nearer.",))
        return Personalized(better, 20.0, 24.5, 0.1, ())


def tiny_prepare(
    picture: NDArray[np.float32],
    alpha: NDArray[np.float32] | None = None,
    *,
    face: int | None = None,
    landmarks: Any = None,
    name: str = "portrait",
) -> Job[Portrait]:
    """Stand in for `studio.core.perception.portrait.prepare_portrait`: every picture is one face."""
    yield Progress(0.5, "finding the face")
    height, width = picture.shape[:2]
    matte = np.ones((height, width), np.float32) if alpha is None else alpha
    points = np.zeros((478, 3), np.float32)
    return Portrait(picture, matte, points, plate=picture, foreground=picture, source=picture, name=name)


@dataclass
class TinyBuilder:
    """Stands in for `studio.core.build.build_avatar` in the window's tests."""

    engine: TinyEngine = field(default_factory=TinyEngine)
    refuse: Exception | None = None
    """Raised while no face is chosen or placed."""
    seen: Preflight | None = None
    """What a closer look shows."""
    calls: list[tuple[Path, int | None, Consent]] = field(default_factory=list)

    landmarks: list[Any] = field(default_factory=list)
    """What each call was given."""

    options: list[BuildOptions] = field(default_factory=list)

    def __call__(
        self, picture: Path, *, face: int | None, consent: Consent, options: BuildOptions, landmarks: Any = None
    ) -> Job[Avatar]:
        """Build from any file without reading it."""
        self.options.append(options)
        self.calls.append((picture, face, consent))
        self.landmarks.append(landmarks)
        if self.refuse is not None and face is None and landmarks is None:
            raise self.refuse
        portrait = yield from tiny_prepare(np.zeros((64, 64, 3), np.float32), name=picture.stem)
        return (yield from self.engine.reconstruct(portrait, consent=consent, options=options))
