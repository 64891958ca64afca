"""`Fitting`: a head on the way to looking like the frames of a clip, one step at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.engines.base import Footage
from studio.core.engines.lift.avatar import REVEALED_AT, LiftAvatar
from studio.core.engines.lift.correctives import COLOR, MEAN, MOST_WEIGHT, Correctives, Mixer, correct, pull_back
from studio.core.engines.lift.neck import head_turns
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.heads.anatomy import smoothstep
from studio.core.motion.motion import Motion
from studio.core.render.loss import PhotometricLoss
from studio.core.render.numba_adam import BETA1, BETA2, vector_adam
from studio.core.render.rasterize import Raster, rasterize, rasterize_vjp
from studio.core.tracking.refine import FrameRefiner, compared_at, exposure
from studio.core.tracking.retarget import Retarget, Shot
from studio.core.training.metrics import psnr

# Step sizes: m, RGB, natural logarithm, logit, weights. Corrections go slower: fewer frames speak for each.
_MOVE, _COLOR, _SIZE, _OPACITY, _PLATE, _WEIGHT = 1.2e-4, 5e-3, 6e-3, 3e-2, 5e-3, 5e-3
_SLOWER = 0.5
# How far a Gaussian may move, m, and grow or shrink (natural logarithm); opacities stay within this.
_REACH, _GROWTH, _OPACITIES = 0.008, 0.7, (0.002, 0.985)
# How far what the portrait did not show may leave its colour.
_GUESSED_LEAVE = 0.15
# Gradients are in parts of a pixel's; what shows less than this hardly moves.
_HARDLY_SHOWN = 0.05
# Corrections decay by this part of a step, so that what few frames say is forgotten.
_DECAY = 2e-3
# px that a Gaussian must show, summed over a frame, to count as seen.
_SEEN = 0.5
# RGB difference up to which the clip's background is the portrait's.
_SAME_PLACE = 0.06
_BACKGROUND, _PERSON = 0.02, 0.5
# What lies off the head counts for so much in pictures, where shoulders are not followed.
_ELSEWHERE = 0.02
# Brightness of a frame against the others, as far as it is believed.
_EXPOSURE, _SOLID = (0.8, 1.25), 0.95


@dataclass(frozen=True, eq=False)
class _View:
    """One frame to learn: how the head stands there, from where, and what is seen."""

    motion: Motion
    camera: Camera
    inputs: NDArray[np.float32]
    turns: NDArray[np.float32]
    shares: NDArray[np.float32]
    rgb: NDArray[np.uint8]
    matte: NDArray[np.uint8]


class Fitting:
    """An avatar on the way to looking like footage, with the moments of Adam.

    Nothing of the avatar itself is changed. Not for several threads at once.
    """

    def __init__(self, avatar: LiftAvatar, footage: Footage, retarget: Retarget, shots: Sequence[Shot]) -> None:
        self._start, self._plain = avatar, avatar.with_learnt(None, avatar.plate, None)
        self._footage = footage
        self._inside = avatar.surfels.inside
        # What is guessed shows at soft edges first, and must not take the background's colour there.
        guessed = ~avatar.surfels.seen & ~self._inside
        self._leave = np.where(guessed, _GUESSED_LEAVE, 1).astype(np.float32)[:, None, None]
        self._window = _window_in(retarget.camera, footage)
        self._own = own = avatar.correctives or Correctives.over([x.motion for x in shots], len(avatar))
        self._views = [self._view(frame, shot) for frame, shot in enumerate(shots)]
        self._refiner = FrameRefiner(retarget, footage.track)
        count, numbers = len(avatar), own.table.shape[1]
        self._table = np.zeros((count, numbers + 1, 6), np.float32)
        self._table[:, 1:] = own.table
        self._sizes = np.zeros((count, 1), np.float32)
        opacities = np.clip(avatar.surfels.opacities, *_OPACITIES)
        self._logits = np.log(opacities / (1 - opacities))[:, None].astype(np.float32)
        own_plate = avatar._plate_in(self._views[0].camera)
        clip_plate, known = _clip_plate(footage) if footage.one_place else (own_plate, np.zeros(own_plate.shape[:2]))
        apart = float((np.abs(clip_plate - own_plate).mean(-1) * known).sum() / max(known.sum(), 1))
        self._plate_is_ours = bool(footage.one_place and known.sum() > 0 and apart < _SAME_PLACE)
        self._clip_plate = (own_plate + known[..., None] * (clip_plate - own_plate)).astype(np.float32)
        # Before another background than the portrait's the head alone is judged, so both stand before the clip's.
        self._plate = np.array(own_plate if self._plate_is_ours else self._clip_plate, np.float32)
        self._gains = np.ones((len(self._views), 3), np.float32)
        self._out_of_reach: list[NDArray[np.bool_] | None] = [None] * len(self._views)
        pair = 2 * (numbers + 1)
        self._rates = np.tile(np.array([_MOVE, _COLOR], np.float32), numbers + 1)
        self._rates[2:] *= _SLOWER
        parameters = {
            "table": self._table.reshape(-1, 3), "sizes": self._sizes, "logits": self._logits,
            "plate": self._plate.reshape(-1, 3), "hidden": own.mixer.hidden.copy(), "mixing": own.mixer.mixing.copy(),
        }  # fmt: skip
        # What frames are corrected by has no part in Adam: it is solved for, frame by frame.
        self._corrections = np.zeros((len(shots), self._refiner.count), np.float32)
        self._gradients = {name: np.zeros_like(values) for name, values in parameters.items()}
        self._moments = {name: (np.zeros_like(v), np.zeros(len(v), np.float32)) for name, v in parameters.items()}
        self._parameters = parameters
        self._mixer = Mixer(parameters["hidden"], parameters["mixing"])
        self._all_rates = {
            "table": self._rates[:pair], "sizes": np.array([_SIZE], np.float32),
            "logits": np.array([_OPACITY], np.float32), "plate": np.array([_PLATE], np.float32),
            "hidden": np.array([_WEIGHT], np.float32), "mixing": np.array([_WEIGHT], np.float32),
        }  # fmt: skip
        self._steps = 0

    def lay_plate(self) -> None:
        """Stand the head before the background that the clip shows."""
        self._plate[:] = self._clip_plate

    def step(self, frame: int, rate: float) -> float:
        """Take one step towards a frame, `rate` times as far as usual; returns the loss before it."""
        view = self._views[frame]
        posed = self._posed(view)
        raster, pullback = rasterize_vjp(posed, view.camera)
        loss = self._loss(frame, raster)
        value = loss(raster.color, raster.alpha)
        self._expose(frame, raster)
        pixels = np.float32(loss.grad_color.size)
        pulled = pullback(loss.grad_color * pixels, loss.grad_alpha * pixels)
        table = self._gradients["table"].reshape(self._table.shape)
        pull_back(self._numbers(view), view.turns, self._start.follow, pulled.means, pulled.colors, table)
        # Teeth, tongue, eyes and lids are single layers that close without a gap: moved one by one they would not.
        table[self._inside, :, MEAN] = 0
        # The first column is of what counts 1 in every frame: so far does the loss go with a correction itself.
        to_numbers = np.einsum("nkc,nc->k", self._table[:, 1:], table[:, 0])
        to_mixer = self._mixer.pull_back(view.inputs, to_numbers)
        self._gradients["hidden"][:], self._gradients["mixing"][:] = to_mixer.hidden, to_mixer.mixing
        odds = _sigmoid(self._logits[:, 0])
        self._gradients["logits"][:, 0] = pulled.opacities * view.shares * odds * (1 - odds)
        self._gradients["sizes"][:, 0] = (pulled.scales * posed.scales).sum(1)
        for name in ("logits", "sizes"):
            self._gradients[name][self._inside] = 0
        if self._footage.one_place:
            self._gradients["plate"][:] = ((1 - raster.alpha) * loss.grad_color * pixels).reshape(-1, 3)
        self._update(rate)
        return value

    def place(self, frame: int) -> None:
        """Correct a frame's pose and expression by what the head looks like by now."""
        x0, y0, x1, y1 = self._footage.heads[frame]
        size = compared_at(x1 - x0, y1 - y0)
        seen, behind = (
            cv2.resize(picture[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
            for picture in (self._views[frame].rgb, self._behind(frame))
        )
        window = (x0, y0, x1 - x0, y1 - y0, *size)

        def draw(shot: Shot) -> NDArray[np.float32]:
            view = self._view(frame, shot)
            raster = rasterize(self._posed(view), view.camera.cropped(*window))
            return raster.color + (1 - raster.alpha) * behind

        time = float(self._footage.times[frame])
        picture = seen.astype(np.float32) / 255
        self._corrections[frame] = self._refiner.step(time, self._corrections[frame], draw, picture)
        self._take_place(frame)

    @property
    def corrected(self) -> bool:
        """Whether a frame is placed otherwise than it was tracked."""
        return bool(self._corrections.any())

    def _take_place(self, frame: int) -> None:
        shot = self._refiner.shot(float(self._footage.times[frame]), self._corrections[frame].astype(np.float64))
        self._views[frame] = self._view(frame, shot)

    def _view(self, frame: int, shot: Shot) -> _View:
        height, width = self._footage.frames.shape[1:3]
        return _View(
            shot.motion,
            shot.camera.cropped(*self._window, width, height),
            self._own.inputs(shot.motion),
            head_turns(shot.motion.head_pose[0]),
            self._shares(shot.motion),
            self._footage.frames[frame],
            self._footage.mattes[frame],
        )

    def _update(self, rate: float) -> None:
        self._steps += 1
        biases = (np.float32(1 / (1 - BETA1**self._steps)), np.float32(1 / (1 - BETA2**self._steps)))
        for name, values in self._parameters.items():
            if name == "plate" and not self._footage.one_place:
                continue
            rates = (self._all_rates[name] * rate).astype(np.float32)
            vector_adam(values, self._gradients[name], *self._moments[name], rates, *biases, np.float32(_HARDLY_SHOWN))
        self._table[:, 1:] *= np.float32(1 - _DECAY * rate)
        shift = self._table[:, 0, :3]
        far = np.linalg.norm(shift, axis=1, keepdims=True)
        shift *= np.minimum(1, _REACH / np.maximum(far, 1e-9))
        change = self._table[:, :, COLOR]
        np.clip(change, -self._leave, self._leave, out=change)
        np.clip(self._sizes, -_GROWTH, _GROWTH, out=self._sizes)
        low, high = (np.log(x / (1 - x)) for x in _OPACITIES)
        np.clip(self._logits, low, high, out=self._logits)
        np.clip(self._plate, 0, 1, out=self._plate)
        for name in ("hidden", "mixing"):
            np.clip(self._parameters[name], -MOST_WEIGHT, MOST_WEIGHT, out=self._parameters[name])

    def picture(self, frame: int) -> NDArray[np.uint8]:
        """Return the head ``[H,W,3]`` as it is now in the place of a frame."""
        view = self._views[frame]
        raster = rasterize(self._posed(view), view.camera)
        shown = raster.color + (1 - raster.alpha) * self._behind(frame)
        return np.round(np.clip(shown, 0, 1) * 255).astype(np.uint8)

    def score(self, frames: NDArray) -> float:
        """Return the mean PSNR in dB on the heads in frames."""
        return float(np.mean([self._closeness(int(frame)) for frame in frames]))

    def _closeness(self, frame: int) -> float:
        x0, y0, x1, y1 = self._footage.heads[frame]
        real, made = self._views[frame].rgb[y0:y1, x0:x1], self.picture(frame)[y0:y1, x0:x1]
        matte = self._views[frame].matte[y0:y1, x0:x1]
        return psnr(made, real, None if self._footage.one_place or not matte.any() else matte)

    def seen(self, frames: NDArray, most: int = 24) -> NDArray[np.bool_]:
        """Return which Gaussians ``[N]`` show in some of the frames."""
        seen = np.zeros(len(self._start), bool)
        for frame in frames[np.unique(np.linspace(0, len(frames) - 1, most).astype(int))]:
            view = self._views[int(frame)]
            raster, pullback = rasterize_vjp(self._posed(view), view.camera)
            person = np.repeat(view.matte[..., None] > 127, 3, axis=2).astype(np.float32)
            seen |= pullback(person, np.zeros_like(raster.alpha)).colors[:, 0] > _SEEN
        return seen

    def snapshot(self) -> dict[str, NDArray[np.float32]]:
        """Return a copy of everything that is learnt."""
        learnt = {name: values.copy() for name, values in self._parameters.items()}
        return learnt | {"corrections": self._corrections.copy()}

    def restore(self, kept: Mapping[str, NDArray[np.float32]]) -> None:
        """Take over a snapshot; the moments of Adam begin anew."""
        for name, values in self._parameters.items():
            values[:] = kept[name]
        moved = (self._corrections != kept["corrections"]).any(1)
        self._corrections[:] = kept["corrections"]
        for frame in np.flatnonzero(moved):
            self._take_place(int(frame))

    def avatar(self, kept: dict[str, NDArray[np.float32]], seen: NDArray[np.bool_] | None = None) -> LiftAvatar:
        """Return a snapshot as an avatar."""
        before = self._start
        s, binding = before.surfels, before.binding
        table = kept["table"].reshape(self._table.shape)
        growth = np.exp(kept["sizes"])
        surfels = replace(
            s,
            means=s.means + table[:, 0, :3],
            tangents=s.tangents * growth[:, :, None],
            thickness=s.thickness * growth[:, 0],
            opacities=_sigmoid(kept["logits"][:, 0]),
            colors=np.clip(s.colors + table[:, 0, 3:], 0, 1),
            seen=s.seen if seen is None else s.seen | seen,
        )
        binding = replace(binding, gradients=binding.gradients * growth[:, :, None])
        other = before.with_surfels(surfels, binding)
        mixer = Mixer(kept["hidden"], kept["mixing"])
        correctives = replace(self._own, mixer=mixer, table=np.ascontiguousarray(table[:, 1:]))
        plate = self._own_plate(kept["plate"]) if self._plate_is_ours else before.plate
        return other.with_learnt(correctives, plate, self._start.rest_face)

    def _own_plate(self, plate: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the avatar's plate with what was learnt of it laid over."""
        before = self._start
        half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
        camera = self._views[0].camera
        to_own = np.linalg.inv(half) @ before.camera.K @ np.linalg.inv(camera.K) @ half
        height, width = before.plate.shape[:2]
        learnt = plate.reshape(self._plate.shape)
        inside = np.zeros(learnt.shape[:2], np.float32)
        inside[1:-1, 1:-1] = 1
        warp = {"M": to_own[:2], "dsize": (width, height), "flags": cv2.INTER_LINEAR}
        share = cv2.warpAffine(inside, **warp)[..., None]
        laid = cv2.warpAffine(learnt, **warp, borderMode=cv2.BORDER_REPLICATE)
        mixed = before.plate + share * (laid * np.float32(255) - before.plate)
        return np.round(np.clip(mixed, 0, 255)).astype(np.uint8)

    def _posed(self, view: _View) -> Gaussians:
        posed = self._plain.pose(view.motion, view.camera)
        colors = correct(
            self._table, self._numbers(view), view.turns, self._start.follow, posed.means, self._start.surfels.colors
        )
        opacities = (_sigmoid(self._logits[:, 0]) * view.shares).astype(np.float32)
        return replace(posed, scales=posed.scales * np.exp(self._sizes), opacities=opacities, colors=colors)

    def _numbers(self, view: _View) -> NDArray[np.float32]:
        return np.concatenate([[1], self._mixer(view.inputs)]).astype(np.float32)

    def _shares(self, motion: Motion) -> NDArray[np.float32]:
        """Return how much of each Gaussian ``[N]`` a frame reveals."""
        by, code = self._start.revealed_by, motion.code[0]
        return np.where(by >= 0, smoothstep(0, REVEALED_AT, code[np.maximum(by, 0)]), 1).astype(np.float32)

    def _behind(self, frame: int) -> NDArray[np.float32]:
        if self._footage.one_place:
            return self._plate
        # Of pictures the person counts alone: before their own background an outline costs what it hides of it.
        return self._views[frame].rgb.astype(np.float32) / 255

    def _loss(self, frame: int, raster: Raster) -> PhotometricLoss:
        view = self._views[frame]
        target = np.clip(view.rgb.astype(np.float32) / 255 / self._gains[frame], 0, 1)
        behind = self._behind(frame)
        if not self._footage.one_place:
            # Before a background of its own colour a hole in the person would cost nothing.
            person = (view.matte > 255 * _PERSON)[..., None]
            behind = np.where(person, (target < 0.5).astype(np.float32), behind)
        weights = np.ones(view.matte.shape, np.float32)
        if not self._footage.one_place:
            x0, y0, x1, y1 = self._footage.heads[frame]
            weights[:] = _ELSEWHERE
            weights[y0:y1, x0:x1] = 1
        weights[self._beyond(frame)] = 0
        return PhotometricLoss(target, background=behind, weights=weights)

    def _beyond(self, frame: int) -> NDArray[np.bool_]:
        """Return where ``[H,W]`` a frame shows of the person what no Gaussian reaches, as a torso below the portrait's.

        Whatever tried to cover it would only swell at the rim.
        """
        beyond = self._out_of_reach[frame]
        if beyond is None:
            view = self._views[frame]
            alpha = rasterize(self._plain.pose(view.motion, view.camera), view.camera).alpha[..., 0]
            away = cv2.distanceTransform((alpha < 0.5).astype(np.uint8), cv2.DIST_L2, 3)
            near = _REACH * view.camera.K[0, 0] / view.camera.world_to_camera[2, 3]
            beyond = self._out_of_reach[frame] = (view.matte > 255 * _PERSON) & (away > near)
        return beyond

    def _expose(self, frame: int, raster: Raster) -> None:
        """Take the frame to be as bright as it is against the head: that of the clip, not the head's to learn."""
        some = slice(None, None, 4)
        real = self._views[frame].rgb[some, some].astype(np.float32) / 255
        made = raster.color[some, some] * (raster.alpha[some, some] > _SOLID)
        self._gains[frame] += 0.5 * (np.clip(exposure(real, made), *_EXPOSURE) - self._gains[frame])
        self._gains /= self._gains.mean(0)


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return (1 / (1 + np.exp(-x))).astype(np.float32)


def _window_in(camera: Camera, footage: Footage) -> tuple[float, float, float, float]:
    """Return the footage's window as x, y, width, height px of the retarget's camera: the clip's own pixels."""
    x0, y0, x1, y1 = footage.window
    across, down = camera.width / footage.track.width, camera.height / footage.track.height
    return x0 * across, y0 * down, (x1 - x0) * across, (y1 - y0) * down


def _clip_plate(footage: Footage) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the background ``[H,W,3]`` as the clip shows it and how well it is known ``[H,W]`` 0..1."""
    total = np.zeros((*footage.frames.shape[1:3], 3), np.float32)
    weight = np.zeros(footage.frames.shape[1:3], np.float32)
    for rgb, matte in zip(footage.frames, footage.mattes, strict=True):
        person = cv2.dilate(matte, np.ones((5, 5), np.uint8)).astype(np.float32) / 255
        free = (person < _BACKGROUND).astype(np.float32)
        total += free[..., None] * rgb
        weight += free
    known = np.clip(weight / 3, 0, 1)
    return total / np.maximum(weight, 1)[..., None] / 255, known
