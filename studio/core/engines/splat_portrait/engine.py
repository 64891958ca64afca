"""The `splat-portrait` engine: one picture through one network, no head model."""

from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors

from studio.core.assets import asset_bytes
from studio.core.avatar import Avatar, AvatarState, Consent
from studio.core.engines.base import BuildOptions, Footage, Variant
from studio.core.engines.splat_portrait.avatar import ENGINE, SplatPortraitAvatar
from studio.core.engines.splat_portrait.background import surrounded
from studio.core.engines.splat_portrait.dynamic import SplatPortrait
from studio.core.engines.splat_portrait.model import Splats
from studio.core.engines.splat_portrait.parted import curtain, in_the_way, lower_lip
from studio.core.engines.splat_portrait.refine import refined
from studio.core.engines.splat_portrait.sizes import CONFIGS, VARIANTS, Variants, model_size
from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.gaussians.turning import turned_quats
from studio.core.heads.anatomy import INTEROCULAR
from studio.core.jobs import Job, Stopwatch
from studio.core.media.audio import load_audio
from studio.core.motion.motion import Motion
from studio.core.sample import sample_speech
from studio.core.speech.features import SAMPLE_RATE
from studio.core.speech.hidden import hidden_states, hidden_window
from studio.core.standard_crop import standard_crop

if TYPE_CHECKING:
    from studio.core.perception.portrait import Portrait

WEIGHTS = "splat_portrait_v1.safetensors"
_DETAIL = {"standard": 2, "high": 3}  # splats in a pixel of the network, along a side
_THUMBNAIL = 128
_BLUR = 0.3  # px², as `studio.core.render.rasterize`
_FAINTEST = 0.02  # opacity below which a splat is left out
_LISTENED, _MOMENTS = 3, 16  # s of the sample's speech, and how many moments of it, in which a mouth opens wide
_PIVOT_FORWARD = 0.45 * INTEROCULAR


class SplatPortraitEngine:
    """See `studio.core.engines.base.Engine`.

    Parameters
    ----------
    weights
        What stage 2 of a training run wrote; the shipped file where none is given.
    variant
        What the bench compares; see `studio.core.engines.base.Trained`.
    """

    name: ClassVar[str] = ENGINE
    drivers: ClassVar[tuple[str, ...]] = ()
    takes_heads: ClassVar[bool] = False

    def __init__(self, weights: Path | None = None, variant: Variant = "trained + refined") -> None:
        self._weights, self._variant = weights, variant

    def variant(self, name: Variant) -> "SplatPortraitEngine":
        """Return it with the network as it is, refined to the portrait, or refined from random weights."""
        return SplatPortraitEngine(self._weights, name)

    def reconstruct(
        self,
        portrait: "Portrait",
        seed: int = 0,
        consent: Consent = Consent(),
        *,
        options: BuildOptions = BuildOptions(),
    ) -> Job[Avatar]:
        """Build an avatar; the coarse one is the network's, not yet fitted. `seed` is that of random weights."""
        watch = Stopwatch()
        yield watch.progress(0.1, "loading the network")
        model, config, variants = read_weights(self._weights)
        if self._variant == "random + refined":
            model = random_weights(model, seed)
        if model.size.lifted_depth:
            raise UserError(
                "These weights take the depth that lift solves for, which this engine does not solve; "
                "use weights without the variant lifted_depth."
            )
        yield watch.progress(0.3, "framing the head")
        side, detail = model.size.unet.resolution, _DETAIL[options.quality]
        coarse, fine = standard_crop(portrait, side), standard_crop(portrait, side * detail)
        yield watch.progress(0.6, "looking at the head")
        splats, hidden = _looked_at(model, coarse.picture, fine.picture, coarse.camera, fine.camera, detail)
        gaussians, places = _in_head_space(splats, hidden, fine.camera, detail)
        if model.size.parting:
            gaussians, places = _with_mouth(gaussians, places, model, splats, fine.camera, detail)
        background = np.clip(splats.background[0].permute(1, 2, 0).numpy(), 0, 1)
        pivot = np.array([0, 0, _PIVOT_FORWARD])
        alpha = fine.alpha > 0.5
        avatar = SplatPortraitAvatar(
            portrait.name, fine.camera, pivot, _head_box(alpha), gaussians, places, detail,
            tuple(f[0].numpy().astype(np.float16) for f in splats.features), _rounded(model).dynamic, config, variants,
            _bytes(surrounded(background, portrait)), _thumbnail(fine.picture), consent, portrait.notes, options,
        )  # fmt: skip
        if self._variant != "trained":
            yield watch.progress(0.6, "listening", preview=avatar)
            large = standard_crop(portrait, 2 * side * detail)
            steps = refined(gaussians, large, fine, background.astype(np.float32), pivot, _widest(avatar))
            for fraction, better in steps:
                yield watch.progress(0.6 + 0.4 * fraction, "fitting the portrait")
                avatar = avatar.with_splats(better)
        yield watch.progress(1.0, "done", preview=avatar)
        return avatar

    def adapt(
        self, avatar: Avatar, footage: Footage, minutes: float, seed: int = 0, kept_in: Path | None = None
    ) -> Job[Avatar]:
        """Refuse: the paper adapts to nobody."""
        raise UserError("Splat-Portrait learns nothing from clips of one person; build with --engine lift to do that.")
        yield

    def load(self, state: AvatarState) -> Avatar:
        """Rebuild a saved avatar."""
        return SplatPortraitAvatar.from_state(state)


def read_weights(path: Path | None = None) -> tuple[SplatPortrait, str, Variants]:
    """Return the networks, their configuration and their variants; the shipped ones where no file is given.

    Parameters
    ----------
    path
        What stage 2 of a training run wrote, or float16 of it.

    Raises
    ------
    UserError
        If there are none, or they are damaged.
    """
    try:
        content = asset_bytes(WEIGHTS) if path is None else path.read_bytes()
    except (OSError, UserError) as error:
        raise UserError(
            "Splat-Portrait has no weights that can be read here; train them with avatar-studio train "
            "splat-portrait-dynamic (its README says how), or use --engine lift."
        ) from error
    try:
        tensors = load_tensors(content)
        if not all(bool(torch.isfinite(t).all()) for t in tensors.values()):
            raise ValueError("weights that are not finite")
        config, variants = _sizes_of(tensors)
        model = SplatPortrait(model_size(config, variants))
        model.load_state_dict({name: t.float() for name, t in tensors.items()})
    except (ValueError, TypeError, RuntimeError, SafetensorError) as error:
        raise UserError("The weights of Splat-Portrait are damaged or of another network; train them again.") from error
    return model.eval(), config, variants


def random_weights(model: SplatPortrait, seed: int) -> SplatPortrait:
    """Return networks of the same size that learnt nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SplatPortrait(model.size).eval()


def _sizes_of(tensors: dict[str, torch.Tensor]) -> tuple[str, Variants]:
    """Return the configuration and the variants whose convolutions the tensors have, first and last."""
    for config in CONFIGS:
        for count in range(len(VARIANTS) + 1):
            for names in combinations(VARIANTS, count):
                size = model_size(config, Variants(names))
                unet, side = size.unet, size.unet.sides[0]
                first = tensors.get(f"static.unet.enc.{side}x{side}_conv.weight")
                last = tensors.get(f"static.unet.dec.{side}x{side}_aux_conv.bias")
                join = tensors.get(f"dynamic.join.{len(unet.sides) - 2}.conv0.weight")
                if (
                    first is not None and first.shape[:2] == (unet.channels, size.inputs * unet.patch**2)
                    and last is not None and last.shape == (size.outputs * unet.patch**2,)
                    and join is not None and join.shape[1] == size.dynamic_widths[-2] + size.feature_widths[-1]
                ):  # fmt: skip
                    return config, Variants(names)
    raise ValueError("shapes of no known size")


def _looked_at(
    model: SplatPortrait,
    picture: NDArray[np.float32],
    fine: NDArray[np.float32],
    camera: Camera,
    fine_camera: Camera,
    detail: int,
) -> tuple[Splats, Splats]:
    """Return the seen layer at the fine picture's resolution, and all layers at the network's own."""

    def batch(array: NDArray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, np.float32))[None]

    pose, K, fine_K = batch(camera.world_to_camera), batch(camera.K), batch(fine_camera.K)
    coarse_rgb, fine_rgb = batch(picture.transpose(2, 0, 1)), batch(fine.transpose(2, 0, 1))
    with torch.inference_mode():
        maps, features = model.static.raw(coarse_rgb, pose, K)
        own = model.static.decoded(maps, coarse_rgb, pose, K)
        smooth = F.interpolate(maps, scale_factor=detail, mode="bilinear", align_corners=False)
        sharp = model.static.decoded(smooth, fine_rgb, pose, fine_K)
    return Splats(
        sharp.means, sharp.quats, sharp.scales, sharp.opacities, sharp.colors, sharp.background, sharp.depth,
        tuple(features),
    ), own  # fmt: skip


def _in_head_space(fine: Splats, own: Splats, camera: Camera, detail: int) -> tuple[Gaussians, NDArray[np.int32]]:
    """Join the fine seen layer and the hidden one; leave out what is too faint; say where each one's offset is."""
    seen, coarse = fine.depth[0].numel(), own.depth[0].numel()
    fields = []
    pixel = float(camera.world_to_camera[2, 3] / camera.K[0, 0])  # m at the head, of the fine picture
    for name in ("means", "quats", "scales", "opacities", "colors"):
        sharp, rough = getattr(fine, name)[0], getattr(own, name)[0]
        if name == "scales":
            # In training every splat was drawn with the rasteriser's blur at the network's own pixels, without which
            # holes open between them; drawn larger, the blur must come along.
            sharp = (sharp**2 + _BLUR * pixel**2).sqrt()
            rough = (rough**2 + _BLUR * (pixel * detail) ** 2).sqrt()
        fields.append(torch.cat([sharp[:seen], rough[coarse:]]).numpy())
    means, quats, scales, opacities, colors = fields
    kept = np.flatnonzero(opacities > _FAINTEST)
    turn, shift = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
    quats = quats[kept] / np.linalg.norm(quats[kept], axis=1, keepdims=True)
    gaussians = Gaussians(
        np.ascontiguousarray((means[kept] - shift) @ turn, np.float32),
        turned_quats(quats.astype(np.float32), turn.T),
        np.ascontiguousarray(scales[kept], np.float32),
        np.ascontiguousarray(opacities[kept], np.float32),
        np.ascontiguousarray(np.clip(colors[kept], 0, 1), np.float32),
        seen=kept < seen,
    )
    return gaussians, kept.astype(np.int32)


def _with_mouth(
    gaussians: Gaussians, places: NDArray[np.int32], model: SplatPortrait, splats: Splats, camera: Camera, detail: int
) -> tuple[Gaussians, NDArray[np.int32]]:
    """Hang the mouth's dark on the lower lip; it moves as that does."""
    side = model.size.unet.resolution
    with torch.inference_mode():
        edge = lower_lip(torch.sigmoid(model.dynamic.parts(splats.features))[0, 0])
    at = ((edge[:, 0] + 0.5) * detail).astype(int) * side * detail + ((edge[:, 1] + 0.5) * detail).astype(int)
    index = np.searchsorted(places, at)
    there = places[np.minimum(index, len(places) - 1)] == at
    lips = gaussians[index[there]]
    pixel = float(camera.world_to_camera[2, 3] / camera.K[0, 0]) * detail
    dark, on = curtain(lips, camera.world_to_camera[:3, :3], pixel)
    on = places[index[there]][on]
    kept = np.asarray(gaussians.seen) | ~in_the_way(gaussians.means, lips.means, camera.world_to_camera[:3, :3], pixel)
    return Gaussians.concatenate([gaussians[kept], dark]), np.concatenate([places[kept], on])


def _widest(avatar: SplatPortraitAvatar) -> NDArray[np.float32]:
    """Return how far the splats move ``[N,3]`` m where they move farthest in the sample's speech."""
    frames = (replace(Motion.neutral(), heard=window[None]) for window in _sample_windows())
    moves = (avatar.pose(frame, avatar.camera).means - avatar.splats.means for frame in frames)
    return max(moves, key=lambda each: float(np.abs(each).mean()))


@cache
def _sample_windows() -> tuple[NDArray[np.float32], ...]:
    """Return what is heard ``[16,160]`` at moments of the sample's speech."""
    states = hidden_states(load_audio(sample_speech(), SAMPLE_RATE)[: _LISTENED * SAMPLE_RATE])
    return tuple(hidden_window(states, float(time)) for time in np.linspace(0.3, _LISTENED, _MOMENTS))


def _rounded(model: SplatPortrait) -> SplatPortrait:
    """Round the weights as a saved avatar keeps them, so that it moves as the one just built."""
    model.load_state_dict({name: t.half().float() for name, t in model.state_dict().items()})
    return model


def _head_box(alpha: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return x0 y0 x1 y1 px around the head with its hair in a standard crop."""
    side = len(alpha)
    above = alpha[: int(0.72 * side)]  # a chin lies at about so much of the crop
    rows, columns = np.flatnonzero(above.any(1)), np.flatnonzero(above[: int(0.5 * side)].any(0))
    if not len(rows) or not len(columns):
        return np.array([0.25, 0.2, 0.75, 0.72], np.float64) * side
    x0, y0, x1 = float(columns[0]), float(rows[0]), float(columns[-1] + 1)
    return np.array([x0, y0, x1, 0.72 * side], np.float64)


def _bytes(picture: NDArray) -> NDArray[np.uint8]:
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def _thumbnail(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    return _bytes(cv2.resize(picture, (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA))
