"""`Scene`: one sample of a training set, some views of one person during one take; and its two files in a shard.

A sample is ``KEY.safetensors`` (the arrays) and ``KEY.json`` (what they are: `SCHEMA`, the strings, the seed). Shards
come from anywhere, so reading trusts nothing: sizes are bounded before anything is made of them, and no code is run.
"""

import json
import math
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera
from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.motion.motion import Motion
from studio.core.motion.poses import turned_head

SCHEMA = 1
AUDIO_STEPS = 16
"""Steps of the speech network's hidden states about a view's moment, at `AUDIO_RATE`."""
AUDIO_RATE = 25.0
"""Hz."""

Source = Literal["lifted", "rendered", "clip"]

MAX_VIEWS = 64
MAX_SIDE = 1024
MAX_BYTES = 1 << 29
MAX_TEXT = 1 << 16
_MAX_EXTRA = 16
_DTYPES = {
    "rgba": np.uint8, "plate": np.uint8, "depth": np.float16, "world_to_camera": np.float32, "K": np.float32,
    "times": np.float64, "code": np.float32, "head_pose": np.float32, "audio": np.float16,
}  # fmt: skip
_OPTIONAL = "audio"
_EXTRA = "extra."
# As bits: all of an infinite exponent, and -0.
_HALF_INFINITE, _HALF_MINUS_0 = np.uint16(0x7C00), np.uint16(0x8000)


@dataclass(frozen=True, eq=False)
class Scene:
    """V views of one identity during one take; view 0 is the take's source, the frontal-most.

    World space is head space: the head stands still, and turning it is turning the camera.

    Attributes
    ----------
    key
        Names the sample in its shard: letters, digits, ``_`` and ``-``.
    identity
        Who it is; an identity is never in training and in validation both.
    source
        How it was made.
    ships
        Whether weights that are shipped may learn from it.
    rgba
        ``[V,H,W,4]`` uint8: the foreground, premultiplied by its alpha. Picture = rgb + (1 - alpha) * plate.
    plate
        ``[H,W,3]`` uint8: the background behind all views.
    depth
        ``[V,H,W]`` float16 m along the camera's z, 0 where unknown.
    world_to_camera
        ``[V,4,4]`` float32 m; rotations are proper.
    K
        ``[V,3,3]`` float32 px.
    times
        ``[V]`` float64 s since the beginning of the take; the source need not be the earliest.
    code
        ``[V,52]`` float32: ARKit channels 0..1.
    head_pose
        ``[V,6]`` float32: how the head is turned and moved against the torso, as `Motion.head_pose`. The cameras hold
        it already, for the head stands still in them; `torso_camera` is where the torso is seen from.
    audio
        ``[V,16,F]`` float16: hidden states of the speech network about the moment, or None.
    extra
        What single engines need beside that (UV maps, neutral meshes), by name.
    seed
        What made it; the same seed makes the same scene.
    origin
        What it was made from, as the source's own list names it.
    """

    key: str
    identity: str
    source: Source
    ships: bool
    rgba: NDArray[np.uint8]
    plate: NDArray[np.uint8]
    depth: NDArray[np.float16]
    world_to_camera: NDArray[np.float32]
    K: NDArray[np.float32]
    times: NDArray[np.float64]
    code: NDArray[np.float32]
    head_pose: NDArray[np.float32]
    audio: NDArray[np.float16] | None = None
    extra: dict[str, NDArray] = field(default_factory=dict)
    seed: int = 0
    origin: str = ""

    def __post_init__(self) -> None:
        _check(self)

    def __len__(self) -> int:
        return len(self.rgba)

    @property
    def size(self) -> int:
        """Side of its square pictures, px."""
        return self.rgba.shape[2]

    def camera(self, view: int) -> Camera:
        """Return the camera of one view."""
        matrix, K = (array[view].astype(np.float64) for array in (self.world_to_camera, self.K))
        return Camera(matrix, K, self.size, self.size)

    def torso_camera(self, view: int) -> Camera:
        """Return the camera of one view as the torso sees it: there an avatar is drawn that is posed by `frame`."""
        camera = self.camera(view)
        to_rest = np.linalg.inv(turned_head(self.head_pose[view]))
        return replace(camera, world_to_camera=camera.world_to_camera @ to_rest)

    def frame(self, view: int) -> Motion:
        """Return how the face moves in one view, T=1."""
        return Motion.from_frames("arkit", self.times[view : view + 1], self.code[view : view + 1],
                                  self.head_pose[view : view + 1])  # fmt: skip

    def picture(self, view: int) -> NDArray[np.float32]:
        """Return one view over the plate ``[H,W,3]`` float32 0..1."""
        rgba = self.rgba[view].astype(np.float32) / 255
        return np.minimum(rgba[..., :3] + (1 - rgba[..., 3:]) * (self.plate / np.float32(255)), 1)

    def members(self) -> dict[str, bytes]:
        """Return its two files by suffix, ``safetensors`` and ``json``; the same scene gives the same bytes."""
        arrays = {name: np.ascontiguousarray(getattr(self, name)) for name in _DTYPES if name != _OPTIONAL}
        if self.audio is not None:
            arrays[_OPTIONAL] = np.ascontiguousarray(self.audio)
        arrays |= {_EXTRA + name: np.ascontiguousarray(array) for name, array in self.extra.items()}
        facts = {"schema": SCHEMA, "identity": self.identity, "source": self.source, "ships": self.ships,
                 "seed": self.seed, "origin": self.origin}  # fmt: skip
        return {"safetensors": safetensors.numpy.save(arrays), "json": json.dumps(facts, sort_keys=True).encode()}

    @staticmethod
    def from_members(key: str, members: dict[str, bytes]) -> "Scene":
        """Read what `members` wrote.

        Raises
        ------
        UserError
            If a file is missing, damaged or of another version.
        """
        try:
            return _read(key, members)
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError, SafetensorError) as error:
            raise UserError(
                f"The sample '{key[:80]!s}' is damaged or of another version ({error}); make the data set again."
            ) from error


def _read(key: str, members: dict[str, bytes]) -> Scene:
    text, data = members["json"], members["safetensors"]
    if len(text) > MAX_TEXT or len(data) > MAX_BYTES:
        raise ValueError("it is too large")
    facts = json.loads(text)
    if not isinstance(facts, dict) or facts.get("schema") != SCHEMA:
        raise ValueError("schema")
    arrays: dict[str, Any] = safetensors.numpy.load(data)
    extra = {name.removeprefix(_EXTRA): arrays.pop(name) for name in sorted(arrays) if name.startswith(_EXTRA)}
    if unknown := arrays.keys() - _DTYPES.keys():
        raise ValueError(f"unknown array {min(unknown)}")
    missing = _DTYPES.keys() - arrays.keys() - {_OPTIONAL}
    if missing:
        raise ValueError(f"no {min(missing)}")
    strings = {name: facts[name] for name in ("identity", "source", "ships", "seed", "origin")}
    return Scene(key=key, **(strings | arrays), extra=extra)


def _check(scene: Scene) -> None:
    """Refuse with a ValueError whatever is no scene."""
    _check_facts(scene)
    if scene.rgba.ndim != 4:
        raise ValueError(f"rgba has shape {list(scene.rgba.shape)}")
    views, height, width, _ = scene.rgba.shape
    if not (0 < views <= MAX_VIEWS and height == width and 8 <= width <= MAX_SIDE):
        raise ValueError(f"{views} views of {width} x {height} px")
    _check_shapes(scene, views, width)
    for f in fields(scene):
        array = getattr(scene, f.name)
        if isinstance(array, np.ndarray) and array.dtype.kind == "f" and not _is_finite(array):
            raise ValueError(f"{f.name} is not finite")
    _check_cameras(scene)
    if scene.code.min() < 0 or scene.code.max() > 1 or _any_below_0(scene.depth) or scene.times.min() < 0:
        raise ValueError("code, depth or times out of range")
    if len(scene.extra) > _MAX_EXTRA or any(not _is_name(name) for name in scene.extra):
        raise ValueError("extra arrays")


# numpy looks at half floats one by one; their bits tell the same.


def _is_finite(array: NDArray) -> bool:
    if array.dtype == np.float16:
        return not ((array.view(np.uint16) & _HALF_INFINITE) == _HALF_INFINITE).any()
    return bool(np.isfinite(array).all())


def _any_below_0(halves: NDArray[np.float16]) -> bool:
    return bool((halves.view(np.uint16) > _HALF_MINUS_0).any())


def _check_facts(scene: Scene) -> None:
    if not _is_name(scene.key):
        raise ValueError("key")
    for name, kind in {"identity": str, "source": str, "origin": str, "ships": bool, "seed": int}.items():
        value: Any = getattr(scene, name)
        if type(value) is not kind or (kind is str and len(value) > 200):
            raise ValueError(name)
    if scene.source not in get_args(Source) or not _is_name(scene.identity) or not 0 <= scene.seed < 2**63:
        raise ValueError("source, identity or seed")


def _is_name(text: str) -> bool:
    return 0 < len(text) <= 200 and text.isascii() and text.replace("_", "").replace("-", "").isalnum()


def _check_shapes(scene: Scene, views: int, side: int) -> None:
    shapes: dict[str, tuple[int, ...]] = {
        "rgba": (views, side, side, 4), "plate": (side, side, 3), "depth": (views, side, side),
        "world_to_camera": (views, 4, 4), "K": (views, 3, 3), "times": (views,), "code": (views, len(ARKIT_NAMES)),
        "head_pose": (views, 6),
    }  # fmt: skip
    if scene.audio is not None:
        if scene.audio.ndim != 3 or not 0 < scene.audio.shape[2] <= 4096:
            raise ValueError("audio")
        shapes[_OPTIONAL] = (views, AUDIO_STEPS, scene.audio.shape[2])
    for name, shape in shapes.items():
        array = getattr(scene, name)
        if array.shape != shape or array.dtype != _DTYPES[name]:
            raise ValueError(f"{name} has shape {list(array.shape)} of {array.dtype}")


def _check_cameras(scene: Scene) -> None:
    turns = scene.world_to_camera[:, :3, :3]
    if abs(turns @ turns.transpose(0, 2, 1) - np.eye(3)).max() > 1e-3 or np.linalg.det(turns).min() < 0:
        raise ValueError("world_to_camera is no rigid motion")
    if (scene.world_to_camera[:, 3] != [0, 0, 0, 1]).any() or (scene.K[:, 2] != [0, 0, 1]).any():
        raise ValueError("world_to_camera or K is no camera")
    focal = scene.K[:, [0, 1], [0, 1]] / scene.size
    if not (math.isfinite(float(focal.sum())) and focal.min() > 0.1 and focal.max() < 100):
        raise ValueError("K")
