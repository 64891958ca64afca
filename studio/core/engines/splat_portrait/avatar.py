"""A built Splat-Portrait: splats of one picture, a background behind them, and the decoder that moves them."""

from copy import copy
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor

from studio.core.avatar import AvatarState, Background, Consent
from studio.core.engines.base import BuildOptions
from studio.core.engines.saved import Shapes, check_arrays, damage_told, portrait_of, portrait_state
from studio.core.engines.splat_portrait.background import margin_around
from studio.core.engines.splat_portrait.dynamic import DynamicDecoder, decided
from studio.core.engines.splat_portrait.sizes import ModelSize, Variants, model_size
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.gaussians.turning import turned_quats
from studio.core.motion.motion import Motion
from studio.core.motion.poses import NECK_JOINT
from studio.core.render.composite import Picture, composite
from studio.core.render.plate_view import PlateView
from studio.core.render.raster import Raster
from studio.core.standard_crop import widened

ENGINE = "splat-portrait"
LAG = 1.0
"""s: the time delta that a portrait is told; training pairs lie so far apart on average."""

_SIDES = (16, 2048)
_LINE = 2  # of the network's pixels about the line between lips that go with one of them
_NEAREST = 0.05  # m from the camera to the head
_MAX_SPLATS = 1_000_000
_DECODER = "decoder."
_FEATURE = "feature."


class SplatPortraitAvatar:
    """See `studio.core.avatar.Avatar`.

    Parameters
    ----------
    splats
        Of the head at rest, in head space.
    places
        ``[N]`` int32: where in the decoder's map of offsets each has its own; layer, row, column, flattened.
    features
        The static decoder's ``[C,H,W]`` float16, coarsest first.
    decoder
        What moves the splats; it is saved with the avatar.
    detail
        How many splats stand in a pixel of the network's map, along a side.
    around
        ``[2H,2W,3]`` uint8: the plate in the middle of what the portrait shows around it.
    """

    engine = ENGINE
    motion_space = "audio"

    def __init__(
        self,
        name: str,
        camera: Camera,
        pivot: NDArray,
        head_box: NDArray,
        splats: Gaussians,
        places: NDArray[np.int32],
        detail: int,
        features: tuple[NDArray[np.float16], ...],
        decoder: DynamicDecoder,
        config: str,
        variants: Variants,
        around: NDArray[np.uint8],
        thumbnail: NDArray[np.uint8],
        consent: Consent = Consent(),
        notes: tuple[str, ...] = (),
        options: BuildOptions = BuildOptions(),
    ) -> None:
        self.name, self.camera, self.consent, self.notes, self.options = name, camera, consent, notes, options
        self.pivot, self.head_box = np.asarray(pivot, np.float64), np.asarray(head_box, np.float64)
        self.splats, self.places, self.detail = splats, places, detail
        self.config, self.variants = config, variants
        self.around, self.thumbnail = around, thumbnail
        self._features = tuple(torch.from_numpy(feature.astype(np.float32))[None] for feature in features)
        self._decoder = decoder.eval()
        self._at = torch.from_numpy(places.astype(np.int64))
        self._shares = self._decided_shares() if decoder.size.parting else (None, None)
        margin = margin_around(camera.width)
        self.plate = np.ascontiguousarray(around[margin : margin + camera.height, margin : margin + camera.width])
        self._plates = PlateView(around, widened(camera, margin))
        self._unit = float(camera.world_to_camera[2, 3] * camera.width / 2 / camera.K[0, 0])
        self._newest: tuple[bytes, NDArray[np.float32]] | None = None

    def __len__(self) -> int:
        return len(self.splats)

    def with_splats(self, splats: Gaussians) -> "SplatPortraitAvatar":
        """Return it with other splats ``[N]`` in the places of these."""
        other = copy(self)
        other.splats = splats
        return other

    def pose(self, frame: Motion, camera: Camera, out: Gaussians | None = None) -> Gaussians:
        """Return the splats ``[N]`` of one frame: moved by what is heard, then turned with the head.

        The paper turns the head by turning the camera, so all that was seen turns with it, shoulders too.
        """
        means, quats = self.splats.means, self.splats.quats
        if frame.heard is not None:
            means = means + self._moves(frame.heard[0])
        turn, shift = frame.head_pose[0, :3], frame.head_pose[0, 3:]
        if turn.any() or shift.any():
            matrix, joint = Rotation.from_rotvec(turn).as_matrix(), NECK_JOINT.astype(np.float32)
            means = (means - joint) @ matrix.astype(np.float32).T + joint + shift
            quats = np.ascontiguousarray(turned_quats(quats, matrix))
        return replace(self.splats, means=np.ascontiguousarray(means, np.float32), quats=quats)

    def _moves(self, heard: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how far everything moves ``[N,3]`` m in head space; the newest answer is kept."""
        key = heard.tobytes()
        newest = self._newest
        if newest is None or newest[0] != key:
            with torch.inference_mode():
                motions = self._decoder.motions(self._features, torch.from_numpy(heard)[None], torch.tensor([LAG]))
                newest = self._newest = key, self._at_places(motions)
        return newest[1]

    def _at_places(self, motions: Tensor) -> NDArray[np.float32]:
        """Return offsets ``[N,3]`` m in head space: the seen layer's, `detail` to a pixel, and the hidden one's."""
        layers = zip((self._finer(motions), motions), self._shares, strict=True)
        seen, own = (self._decoder.offsets(each, shares)[0].flatten(1) for each, shares in layers)
        hidden = own.unflatten(0, (-1, 3))[1:].permute(1, 0, 2).flatten(1)
        rows = torch.cat([seen[:3], hidden], 1)[:, self._at]
        return np.ascontiguousarray(self._unit * rows.T.numpy() @ self._to_head.T)

    def _decided_shares(self) -> tuple[Tensor, Tensor]:
        """Return the decoder's shares, which no sound changes, `detail` to a pixel and as they are."""
        with torch.inference_mode():
            parts = self._decoder.parts(self._features)
            fine, own = (decided(torch.sigmoid(each), _LINE * self.detail) for each in (self._finer(parts), parts))
        return fine, own

    def _finer(self, maps: Tensor) -> Tensor:
        return torch.nn.functional.interpolate(maps, scale_factor=self.detail, mode="bilinear", align_corners=False)

    @property
    def _to_head(self) -> NDArray[np.float32]:
        return np.ascontiguousarray(self.camera.world_to_camera[:3, :3].T, np.float32)

    def shade(
        self, raster: Raster, frame: Motion, camera: Camera, background: Background, out: Picture | None = None
    ) -> Picture:
        """Composite over the predicted background, a colour, a picture, or nothing."""
        if isinstance(background, str):
            return composite(raster, self._plates.seen_by(camera) if background == "plate" else None, out)
        return composite(raster, background, out)

    def state(self) -> AvatarState:
        """Return arrays and values from which `from_state` rebuilds this avatar exactly."""
        g, portrait = self.splats, portrait_state(self)
        arrays = portrait.arrays | {
            "means": g.means, "quats": g.quats, "scales": g.scales, "opacities": g.opacities, "colors": g.colors,
            "seen": np.asarray(g.seen).astype(np.uint8), "places": self.places, "around": self.around,
        }  # fmt: skip
        arrays |= {f"{_FEATURE}{i}": f[0].numpy().astype(np.float16) for i, f in enumerate(self._features)}
        weights = self._decoder.state_dict()
        arrays |= {_DECODER + name: tensor.numpy().astype(np.float16) for name, tensor in weights.items()}
        meta = portrait.meta | {"detail": self.detail, "config": self.config, "variants": list(self.variants.names)}
        return AvatarState(ENGINE, arrays, meta)

    @staticmethod
    def from_state(state: AvatarState) -> "SplatPortraitAvatar":
        """Rebuild an avatar.

        Raises
        ------
        UserError
            If anything is missing, misshapen, out of range or not finite.
        """
        with damage_told():
            return _checked(state)


def _checked(state: AvatarState) -> SplatPortraitAvatar:
    a, meta = state.arrays, state.meta
    variants = Variants(tuple(str(name) for name in meta["variants"]))
    size: ModelSize = model_size(str(meta["config"]), variants)
    portrait = portrait_of(state, _SIDES)
    camera: Camera = portrait["camera"]
    n, detail = len(a["means"]), int(meta["detail"])
    if not (camera.width == camera.height and n <= _MAX_SPLATS and 1 <= detail <= 4):
        raise ValueError("no picture or detail of this engine")
    if camera.world_to_camera[2, 3] < _NEAREST:
        raise ValueError("the head is behind the camera")
    side, margin, plate = size.unet.resolution, margin_around(camera.width), portrait.pop("plate")
    surrounded = camera.width + 2 * margin
    if "around" not in a:  # heads saved before a plate had surroundings
        a = {**a, "around": np.pad(plate, ((margin, margin), (margin, margin), (0, 0)), "edge")}
    expected: Shapes = {
        "means": ((n, 3), np.float32), "quats": ((n, 4), np.float32), "scales": ((n, 3), np.float32),
        "opacities": ((n,), np.float32), "colors": ((n, 3), np.float32), "seen": ((n,), np.uint8),
        "places": ((n,), np.int32), "around": ((surrounded, surrounded, 3), np.uint8),
    }  # fmt: skip
    for i, (wide, channels) in enumerate(zip(size.unet.sides[::-1], size.feature_widths, strict=True)):
        expected[f"{_FEATURE}{i}"] = ((channels, wide, wide), np.float16)
    check_arrays(a, expected)
    places = side * side * (detail**2 + size.layers - 1)
    if n and not (
        a["opacities"].min() >= 0 and a["opacities"].max() <= 1 and a["scales"].min() > 0
        and a["places"].min() >= 0 and a["places"].max() < places
    ):  # fmt: skip
        raise ValueError("values out of range")
    decoder = DynamicDecoder(size)
    weights = {k.removeprefix(_DECODER): v for k, v in a.items() if k.startswith(_DECODER)}
    if any(v.dtype != np.float16 or not np.isfinite(v).all() for v in weights.values()):
        raise ValueError("the decoder's weights")
    decoder.load_state_dict({k: torch.from_numpy(v.astype(np.float32)) for k, v in weights.items()})
    return SplatPortraitAvatar(
        splats=Gaussians(
            *(a[k] for k in ("means", "quats", "scales", "opacities", "colors")), seen=a["seen"].astype(bool)
        ),
        places=a["places"],
        detail=detail,
        features=tuple(a[f"{_FEATURE}{i}"] for i in range(len(size.unet.widths))),
        decoder=decoder,
        config=str(meta["config"]),
        variants=variants,
        around=a["around"],
        **portrait | {"options": replace(portrait["options"], engine=ENGINE)},
    )
