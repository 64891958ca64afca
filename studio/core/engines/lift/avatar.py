"""A `lift` avatar: surfels at rest, the rig that moves them, and the plate behind."""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import AvatarState, Background, Consent, DeviceAvatar, RestFace
from studio.core.engines.base import BuildOptions
from studio.core.engines.lift.binding import Binding
from studio.core.engines.lift.correctives import FEATURES, MOST_WEIGHT, Correctives, Mixer, correct
from studio.core.engines.lift.neck import FOLLOW_LEVELS, head_turns
from studio.core.engines.lift.posing import SurfelBlocks, pose_surfels
from studio.core.engines.lift.rig import Rig, jaw_open
from studio.core.engines.lift.surface import Surfels
from studio.core.engines.saved import Shapes, check_arrays, damage_told, portrait_of, portrait_state
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.heads.anatomy import smoothstep
from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.heads.mesh_file import HeadMesh
from studio.core.heads.template import SHAPE_NAMES, shape_weights
from studio.core.jobs import Job
from studio.core.motion.motion import Motion
from studio.core.render.composite import Picture, composite
from studio.core.render.plate_view import PlateView
from studio.core.render.raster import Raster
from studio.core.speech.style import SpeakingStyle

ENGINE = "lift"

# What a file may claim: sides of the portrait in px, and surfels.
_SIDES = (16, 4096)
_MAX_SURFELS = 1_000_000

_MAX_NUMBERS, _MAX_UNITS = 64, 256  # of correctives

# Files that do not say how many levels `follow` has, have so many.
_FIRST_LEVELS = 64

REVEALED_AT = 0.5
"""What a revealed part's channel must reach for the part to be fully there."""


class LiftAvatar:
    """See `studio.core.avatar.Avatar`."""

    engine = ENGINE
    motion_space = "arkit"

    def __init__(
        self,
        name: str,
        camera: Camera,
        pivot: NDArray,
        head_box: NDArray,
        surfels: Surfels,
        binding: Binding,
        rig: Rig,
        follow: NDArray[np.uint8],
        revealed_by: NDArray[np.int16],
        plate: NDArray[np.uint8],
        thumbnail: NDArray[np.uint8],
        consent: Consent = Consent(),
        notes: tuple[str, ...] = (),
        options: BuildOptions = BuildOptions(),
        correctives: Correctives | None = None,
        rest_face: RestFace | None = None,
        speaking_style: SpeakingStyle = SpeakingStyle(),
    ) -> None:
        self.name = name
        self.camera = camera
        self.pivot = np.asarray(pivot, np.float64)
        self.head_box = np.asarray(head_box, np.float64)
        self.surfels = surfels
        self.binding = binding
        self.rig = rig
        self.follow = follow
        self.revealed_by = revealed_by
        self.plate = plate
        self.thumbnail = thumbnail
        self.consent = consent
        self.notes = notes
        self.options = options
        self.correctives = correctives
        self.rest_face = rest_face
        self.speaking_style = speaking_style
        self._blocks = SurfelBlocks.of(surfels, binding, len(rig.vertices), follow)
        channels = [int(c) for c in np.unique(revealed_by) if c >= 0]
        self._hidden = [(channel, np.flatnonzero(revealed_by == channel)) for channel in channels]
        self._plates = PlateView(plate, camera)

    def __len__(self) -> int:
        return len(self.surfels)

    def on(self, device: str) -> "DeviceAvatar":
        """Return this head on a torch device, where it is posed and shaded in torch."""
        from studio.core.engines.lift.avatar_torch import LiftAvatarOnDevice

        return LiftAvatarOnDevice(self, device)

    def mesh(self) -> Job[HeadMesh]:
        """Return the head, bald, with the hair painted on; see `studio.core.engines.lift.mesh`."""
        # That module draws avatars.
        from studio.core.engines.lift.mesh import head_mesh

        return head_mesh(self)

    def with_colors(self, colors: NDArray[np.float32]) -> "LiftAvatar":
        """Return this head with other Gaussian colours ``[N,3]``."""
        other = copy(self)
        other.surfels = replace(self.surfels, colors=colors)
        return other

    def with_surfels(self, surfels: Surfels, binding: Binding) -> "LiftAvatar":
        """Return this head with other surfels, as many, and their binding."""
        other = copy(self)
        other.surfels, other.binding = surfels, binding
        if binding is self.binding:
            other._blocks = self._blocks.with_surfels(surfels)
        else:
            other._blocks = SurfelBlocks.of(surfels, binding, len(self.rig.vertices), self.follow)
        return other

    def with_learnt(
        self, correctives: Correctives | None, plate: NDArray[np.uint8], rest_face: RestFace | None
    ) -> "LiftAvatar":
        """Return this head with what personalisation adds; the plate keeps its size."""
        other = copy(self)
        other.correctives, other.plate, other.rest_face = correctives, plate, rest_face
        other._plates = PlateView(plate, self.camera)
        return other

    def with_speaking_style(self, style: SpeakingStyle) -> "LiftAvatar":
        """Return this head with another way of speaking."""
        other = copy(self)
        other.speaking_style = style
        return other

    def pose(self, frame: Motion, camera: Camera, out: Gaussians | None = None) -> Gaussians:
        """Return the Gaussians ``[N]`` of one ARKit frame; `lift` looks the same from every camera."""
        if frame.space != self.motion_space:
            raise ValueError(f"a lift avatar follows 'arkit' motion, not '{frame.space}'")
        code = frame.code[0]
        n = len(self.surfels)
        if out is None or len(out) != n or not out.on_host:
            means, quats, scales = (np.empty((n, columns), np.float32) for columns in (3, 4, 3))
            out = Gaussians(means, quats, scales, np.empty(n, np.float32), self.surfels.colors)
        turns = head_turns(frame.head_pose[0])
        pose_surfels(*self.rig.displacements(shape_weights(code), jaw_open(code)), self._blocks, turns, out)
        for channel, hidden in self._hidden:
            out.opacities[hidden] *= smoothstep(0, REVEALED_AT, code[channel])
        colors = self.surfels.colors
        if self.correctives is not None:
            numbers = self.correctives.numbers(frame)
            colors = correct(self.correctives.table, numbers, turns, self.follow, out.means, colors)
        return replace(out, colors=colors, seen=self.surfels.seen)

    def shade(
        self, raster: Raster, frame: Motion, camera: Camera, background: Background, out: Picture | None = None
    ) -> Picture:
        """Composite over the plate, a colour, a picture, or nothing."""
        if isinstance(background, str):
            return composite(raster, self._plate_in(camera) if background == "plate" else None, out)
        return composite(raster, background, out)

    def _plate_in(self, camera: Camera) -> NDArray[np.float32]:
        return self._plates.seen_by(camera)

    # --- saving

    def state(self) -> AvatarState:
        """Return arrays and values from which `from_state` rebuilds this avatar exactly."""
        s, b, r, portrait = self.surfels, self.binding, self.rig, portrait_state(self)
        arrays = portrait.arrays | {
            "means": s.means, "tangents": s.tangents, "thickness": s.thickness, "opacities": s.opacities,
            "colors": s.colors, "pixels": s.pixels, "cell": s.cell, "seen": s.seen.astype(np.uint8),
            "binding_vertices": b.vertices, "binding_weights": b.weights, "binding_gradients": b.gradients,
            "rig_vertices": r.vertices, "rig_deltas": r.deltas, "rig_jaw_weights": r.jaw_weights,
            "rig_hinge": r.hinge,
            "follow": self.follow, "revealed_by": self.revealed_by,
        }  # fmt: skip
        if self.correctives is not None:
            c = self.correctives
            arrays |= {
                "corrective_basis": c.basis, "corrective_least": c.least, "corrective_most": c.most,
                "corrective_table": c.table.astype(np.float16),
                "corrective_hidden": c.mixer.hidden, "corrective_mixing": c.mixer.mixing,
            }  # fmt: skip
        if self.rest_face is not None:
            arrays |= {"rest_landmarks": self.rest_face.landmarks, "rest_points": self.rest_face.points}
        meta = portrait.meta | {"shapes": list(SHAPE_NAMES), "follow_levels": FOLLOW_LEVELS}
        if self.speaking_style != SpeakingStyle():
            meta |= {"speaking_style": self.speaking_style.told()}
        return AvatarState(ENGINE, arrays, meta)

    @staticmethod
    def from_state(state: AvatarState) -> "LiftAvatar":
        """Rebuild an avatar.

        Raises
        ------
        UserError
            If anything is missing, misshapen, out of range or not finite.
        """
        with damage_told():
            return _checked(state)


def _checked(state: AvatarState) -> LiftAvatar:
    a, meta = state.arrays, state.meta
    if tuple(meta["shapes"]) != SHAPE_NAMES:
        raise ValueError("the file was made with other shapes")
    portrait = portrait_of(state, _SIDES)
    n, v = len(a["means"]), len(a["rig_vertices"])
    levels = int(meta.get("follow_levels", _FIRST_LEVELS))
    if n > _MAX_SURFELS:
        raise ValueError("more surfels than any head has")
    expected: Shapes = {
        "means": ((n, 3), np.float32), "tangents": ((n, 2, 3), np.float32), "thickness": ((n,), np.float32),
        "opacities": ((n,), np.float32), "colors": ((n, 3), np.float32), "pixels": ((n, 2), np.float32),
        "cell": ((n,), np.float32), "seen": ((n,), np.uint8),
        "binding_vertices": ((n, 3), np.int32), "binding_weights": ((n, 3), np.float32),
        "binding_gradients": ((n, 2, 3), np.float32),
        "rig_vertices": ((v, 3), np.float32), "rig_deltas": ((len(SHAPE_NAMES), v, 3), np.float16),
        "rig_jaw_weights": ((v,), np.float32), "rig_hinge": ((3,), np.float32),
        "follow": ((n,), np.uint8), "revealed_by": ((n,), np.int16),
    }  # fmt: skip
    if "corrective_basis" in a:
        p = k = len(a["corrective_basis"])
        # Without a mixer, as heads were saved at first, the inputs are the numbers.
        if "corrective_hidden" in a or "corrective_mixing" in a:
            k, units = len(a["corrective_mixing"]), len(a["corrective_hidden"])
            expected |= {
                "corrective_hidden": ((units, p + 1), np.float32), "corrective_mixing": ((k, p + units), np.float32),
            }  # fmt: skip
        expected |= {
            "corrective_basis": ((p, FEATURES), np.float32), "corrective_least": ((p,), np.float32),
            "corrective_most": ((p,), np.float32), "corrective_table": ((n, k, 6), np.float16),
        }  # fmt: skip
    if "rest_landmarks" in a:
        expected |= {"rest_landmarks": ((478, 3), np.float64), "rest_points": ((478, 3), np.float64)}
    check_arrays(a, expected)
    if n and not (
        a["opacities"].min() >= 0 and a["opacities"].max() <= 1 and a["thickness"].min() >= 0
        and a["binding_vertices"].min() >= -1 and a["binding_vertices"].max() < v
        and a["follow"].max() <= levels <= FOLLOW_LEVELS
        and a["revealed_by"].min() >= -1 and a["revealed_by"].max() < len(ARKIT_NAMES)
    ):  # fmt: skip
        raise ValueError("values out of range")
    return LiftAvatar(
        surfels=Surfels(
            *(a[k] for k in ("means", "tangents", "thickness", "opacities", "colors", "pixels", "cell")),
            seen=a["seen"].astype(bool),
        ),
        binding=Binding(a["binding_vertices"], a["binding_weights"], a["binding_gradients"]),
        rig=Rig(a["rig_vertices"], a["rig_deltas"], a["rig_jaw_weights"], a["rig_hinge"]),
        follow=np.round(a["follow"] * (FOLLOW_LEVELS / max(levels, 1))).astype(np.uint8),
        revealed_by=a["revealed_by"],
        correctives=_correctives_of(a) if "corrective_basis" in a else None,
        rest_face=RestFace(a["rest_landmarks"], a["rest_points"]) if "rest_landmarks" in a else None,
        speaking_style=SpeakingStyle.from_meta(meta),
        **portrait,
    )


def _correctives_of(a: Mapping[str, NDArray]) -> Correctives:
    basis, least, most = a["corrective_basis"], a["corrective_least"], a["corrective_most"]
    mixer = Mixer.straight(len(basis), len(basis))
    if "corrective_mixing" in a:
        mixer = Mixer(a["corrective_hidden"], a["corrective_mixing"])
    # Only what is 0 at rest is a correction.
    if (
        max(len(basis), len(mixer.mixing)) > _MAX_NUMBERS or len(mixer.hidden) > _MAX_UNITS
        or least.max(initial=0) > 0 or most.min(initial=0) < 0
        or max(np.abs(mixer.hidden).max(initial=0), np.abs(mixer.mixing).max(initial=0)) > MOST_WEIGHT
    ):  # fmt: skip
        raise ValueError("values out of range")
    return Correctives(basis, least, most, mixer, a["corrective_table"].astype(np.float32))
