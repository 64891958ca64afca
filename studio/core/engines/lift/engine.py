"""The `lift` engine: one portrait to a head that turns and speaks, with no trained avatar network."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, AvatarState, Consent
from studio.core.engines.base import BuildOptions, Footage, Quality
from studio.core.engines.lift.avatar import ENGINE, LiftAvatar
from studio.core.engines.lift.binding import Binding, bind_to_template
from studio.core.engines.lift.eyes import build_eyes
from studio.core.engines.lift.gaps import fill_gaps
from studio.core.engines.lift.glasses import Glasses, find_glasses
from studio.core.engines.lift.hair import hair_shell
from studio.core.engines.lift.lip_line import with_lip_line
from studio.core.engines.lift.mouth import build_mouth
from studio.core.engines.lift.neck import FOLLOW_LEVELS, follow_weights
from studio.core.engines.lift.openings import Openings, find_openings
from studio.core.engines.lift.other_head import OtherHeadShapes
from studio.core.engines.lift.outline import fit_outline, with_own_outline
from studio.core.engines.lift.personal import learn
from studio.core.engines.lift.refine import fit_colors, refine
from studio.core.engines.lift.relief import Relief, lifted_landmarks, solve_relief
from studio.core.engines.lift.rig import Part, Rig, assemble
from studio.core.engines.lift.surface import Surfels, front_surface
from studio.core.engines.lift.torso import unseen_torso
from studio.core.engines.lift.unseen_skin import completed_landmarks, unseen_skin
from studio.core.heads import library
from studio.core.heads.anatomy import FACE_OVAL, INTEROCULAR, to_face
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.heads.fitting import HeadPose
from studio.core.heads.full import FullHead
from studio.core.heads.head import BUILT_IN
from studio.core.heads.template import TemplateHead, apron_rings
from studio.core.jobs import Job, Stopwatch
from studio.core.perception.masks import grown, pixels_at
from studio.core.perception.portrait import Portrait, refine_matte

# Gaussians of a head before its gaps are filled: what back, skin, mouth and eyes leave is the front's, and so much at
# least.
_MOST: dict[Quality, int] = {"standard": 119_200, "high": 247_000}
_LEAST_FRONT = 40_000
_THUMBNAIL = 128
# Orbits turn about the middle of the head: this far in front of the ears.
_PIVOT_FORWARD = 0.45 * INTEROCULAR


class LiftEngine:
    """See `studio.core.engines.base.Engine`."""

    name: ClassVar[str] = ENGINE
    drivers: ClassVar[tuple[str, ...]] = ()
    takes_heads: ClassVar[bool] = True

    def reconstruct(
        self,
        portrait: Portrait,
        seed: int = 0,
        consent: Consent = Consent(),
        *,
        options: BuildOptions = BuildOptions(),
    ) -> Job[Avatar]:
        """Build an avatar; previews are avatars, a coarse one within the first second.

        Nothing here is random: `seed` changes nothing and is accepted because every engine takes one.
        """
        watch = Stopwatch()
        avatar, portrait, fill = yield from self._laid(portrait, consent, options, watch)
        for fraction, refined in refine(avatar, portrait):
            avatar = refined
            yield watch.progress(0.5 + 0.4 * fraction, "sharpening", preview=avatar)
        # What became sharper became smaller; and what fills a gap leaves smaller ones.
        for fraction in (0.95, 1.0):
            avatar = fill(avatar)
            yield watch.progress(fraction, "closing gaps", preview=avatar)
        return avatar

    def draft(
        self, portrait: Portrait, consent: Consent = Consent(), *, options: BuildOptions = BuildOptions()
    ) -> Job[LiftAvatar]:
        """Build a head whose colours are fitted to the portrait and whose shapes are not: for what is drawn small."""
        watch = Stopwatch()
        avatar, portrait, _ = yield from self._laid(portrait, consent, options, watch)
        for fraction, better in fit_colors(avatar, portrait):
            avatar = better
            yield watch.progress(0.5 + 0.5 * fraction, "sharpening")
        return avatar

    def _laid(
        self, portrait: Portrait, consent: Consent, options: BuildOptions, watch: Stopwatch
    ) -> Job[tuple[LiftAvatar, Portrait, Callable[[LiftAvatar], LiftAvatar]]]:
        """Return a head, the portrait with the edges that it is then fitted to, and what fills its gaps after that.

        It takes half of the progress.
        """
        yield watch.progress(0.05, "fitting the head")
        portrait = with_lip_line(portrait)
        fit = _Fit(portrait, options)
        yield watch.progress(0.15, "cutting out the hair", preview=_coarse(fit, consent))
        portrait = refine_matte(portrait)
        yield watch.progress(0.25, "shaping the head")
        fit = _Fit(portrait, options, fit.whole)
        glasses = find_glasses(portrait)
        bare = portrait if glasses is None else glasses.bare
        openings = find_openings(bare, fit.head.shapes, fit.pose)
        parts = build_mouth(bare, fit.pose, fit.relief, fit.head.shapes, openings)
        parts += build_eyes(bare, fit.pose, fit.relief, fit.head.shapes, openings)
        parts.append(unseen_skin(bare, fit.pose, fit.relief, fit.whole, fit.regions, fit.head.shapes))
        parts += [] if glasses is None else [glasses.part(fit.pose, fit.relief)]
        yield watch.progress(0.35, "laying the surface")
        avatar = fit_outline(_assembled(fit, glasses, parts, openings, consent), portrait)
        avatar = _filled(fit, avatar, bare)
        yield watch.progress(0.5, "sharpening", preview=avatar)
        return avatar, with_own_outline(portrait, avatar, openings.detailed), lambda head: _filled(fit, head, bare)

    def adapt(
        self, avatar: Avatar, footage: Footage, minutes: float, seed: int = 0, kept_in: Path | None = None
    ) -> Job[Avatar]:
        """Learn a clip; see `studio.core.engines.lift.personal`."""
        assert isinstance(avatar, LiftAvatar)
        return (yield from learn(avatar, footage, minutes, seed, kept_in))

    def load(self, state: AvatarState) -> Avatar:
        """Rebuild a saved avatar."""
        return LiftAvatar.from_state(state)


class _Fit:
    """What the portrait's head is: pose, depth and template; `whole` where it was fitted before, to another matte."""

    def __init__(self, portrait: Portrait, options: BuildOptions, whole: FullHead | None = None) -> None:
        self.portrait, self.options = portrait, options
        self.pose: HeadPose = portrait.pose
        self.regions = portrait.regions
        self.whole = whole or FullHead(completed_landmarks(lifted_landmarks(portrait), self.pose))
        self.relief: Relief = solve_relief(portrait, self.whole, self.regions)
        # Landmarks and surfels must agree, so both stand on the relief.
        pixels = portrait.landmarks[:, :2]
        landmarks = self.pose.lift(pixels, self.relief.at(pixels))
        apron = self._apron()
        shapes = None
        if options.head != BUILT_IN:
            shapes = OtherHeadShapes(to_face(landmarks), library.load_skin(options.head))
        self.head = TemplateHead(landmarks, self.pose.lift(apron, self.relief.at(apron)), shapes)

    @cached_property
    def lifted(self) -> FullHead:
        """The template where the relief says its landmarks are, unseen ones too."""
        pixels = self.portrait.landmarks[:, :2]
        return FullHead(self.pose.lift(pixels, self.relief.at(pixels)))

    @cached_property
    def back(self) -> Surfels:
        """The hidden side, the same in the preview and in the finished head."""
        hair = hair_shell(self.portrait, self.pose, self.relief, self.whole, self.regions)
        return Surfels.concatenate([hair, unseen_torso(self.portrait, self.relief, self.pose, self.whole)])

    def _apron(self) -> NDArray[np.float64]:
        """Return the apron's rings in the picture ``[R * 36, 2]`` px: the face oval pushed outwards."""
        oval = self.portrait.landmarks[FACE_OVAL, :2].astype(np.float64)
        away = oval - oval.mean(0)
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        px = INTEROCULAR / self.pose.px
        return np.concatenate([oval + away * reach * px for reach in apron_rings()])


def _coarse(fit: _Fit, consent: Consent) -> LiftAvatar:
    """Return the head as 4-px cells, turnable but still: something to look at while the rest is made."""
    nothing = np.zeros(fit.portrait.alpha.shape, bool)
    front = front_surface(fit.portrait, fit.relief, fit.pose, nothing)
    surfels = Surfels.concatenate([front, fit.back])
    rig, _ = assemble(fit.head, [])
    return _avatar(fit, surfels, Binding.none(len(surfels)), rig, np.full(len(surfels), -1, np.int16), consent)


def _assembled(
    fit: _Fit, glasses: Glasses | None, parts: list[Part], openings: Openings, consent: Consent
) -> LiftAvatar:
    portrait = fit.portrait if glasses is None else glasses.bare
    hidden = len(fit.back) + sum(len(part.points) for part in parts)
    front = front_surface(
        portrait, fit.relief, fit.pose, openings.detailed, max(_MOST[fit.options.quality] - hidden, _LEAST_FRONT)
    )
    row, column = pixels_at(front.pixels, portrait.alpha.shape)
    if glasses is not None:
        # Cells at its edge are half behind it.
        front = replace(front, seen=front.seen & ~grown(glasses.mask, 3)[row, column])
    front = front[~openings.holes[row, column]]
    rig, part_bindings = assemble(fit.head, parts)
    projected = fit.pose.camera.project(fit.head.neutral)
    on_skin = bind_to_template(front, projected, fit.head.faces, portrait.alpha.shape)
    binding = Binding.concatenate([on_skin, Binding.none(len(fit.back)), *part_bindings])
    surfels = Surfels.concatenate([front, fit.back, *(part.surfels() for part in parts)])
    revealed = np.concatenate(
        [np.full(len(front) + len(fit.back), -1, np.int16)]
        + [np.full(len(p.points), ARKIT_INDEX.get(p.revealed_by, -1), np.int16) for p in parts]
    )
    return _avatar(fit, surfels, binding, rig, revealed, consent)


def _filled(fit: _Fit, avatar: LiftAvatar, bare: Portrait) -> LiftAvatar:
    """Return the avatar with its gaps closed."""
    part = fill_gaps(avatar, bare, fit.pose, fit.relief, (fit.whole, fit.lifted), fit.head.shapes)
    if part is None:
        return avatar
    rig, bindings = avatar.rig.joined([part])
    surfels = Surfels.concatenate([avatar.surfels, part.surfels()])
    revealed = np.concatenate([avatar.revealed_by, np.full(len(part.points), -1, np.int16)])
    return _avatar(fit, surfels, Binding.concatenate([avatar.binding, *bindings]), rig, revealed, avatar.consent)


def _avatar(
    fit: _Fit, surfels: Surfels, binding: Binding, rig: Rig, revealed: NDArray[np.int16], consent: Consent
) -> LiftAvatar:
    portrait = fit.portrait
    follow = follow_weights(surfels, portrait)
    return LiftAvatar(
        portrait.name,
        fit.pose.camera,
        np.array([0, 0, _PIVOT_FORWARD]),
        _head_box(portrait),
        surfels,
        binding,
        rig,
        np.round(follow * FOLLOW_LEVELS).astype(np.uint8),
        revealed,
        np.round(portrait.plate * 255).astype(np.uint8),
        _thumbnail(portrait),
        consent,
        portrait.notes,
        fit.options,
    )


def _head_box(portrait: Portrait) -> NDArray[np.float64]:
    """Return x0 y0 x1 y1 px around the face and the hair above and beside it."""
    width = portrait.alpha.shape[1]
    x0, y0 = portrait.landmarks[:468, :2].min(0)
    x1, y1 = portrait.landmarks[:468, :2].max(0)
    reach = y1 - y0
    left, right = int(max(0, x0 - 0.6 * reach)), int(min(width, x1 + 0.6 * reach))
    top = int(max(0, y0 - 0.8 * reach))
    window = portrait.alpha[top : int(y1), left:right] > 0.5
    rows, columns = np.flatnonzero(window.any(1)), np.flatnonzero(window.any(0))
    if not len(rows):
        return np.array([x0, y0, x1, y1], np.float64)
    return np.array([left + columns[0], top + rows[0], left + columns[-1] + 1, y1], np.float64)


def _thumbnail(portrait: Portrait) -> NDArray[np.uint8]:
    x0, y0, x1, y1 = _head_box(portrait)
    side = min(1.15 * max(x1 - x0, y1 - y0), *portrait.alpha.shape)
    left = float(np.clip((x0 + x1) / 2 - side / 2, 0, portrait.alpha.shape[1] - side))
    top = float(np.clip((y0 + y1) / 2 - side / 2, 0, portrait.alpha.shape[0] - side))
    crop = portrait.rgb[int(top) : int(top + side), int(left) : int(left + side)]
    small = cv2.resize(crop, (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA)
    return np.round(np.clip(small, 0, 1) * 255).astype(np.uint8)
