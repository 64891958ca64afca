"""What a training step sees of a scene: a source picture, and other views of the same take (section 3.1)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from studio.core.training.mouth_motion import MOUTH_MOTION, mirrored_motion, motion_in_metres, unknown_motion
from studio.core.training.rendering import over
from studio.core.training.scene import Scene

_SOURCE_IS_FIRST = 0.35  # the frontal picture, which is what people bring
_OTHER_PLATE = 0.4  # a person before another's background, so that the one does not give the other away
_MIRROR = np.diag([-1.0, 1.0, 1.0, 1.0]).astype(np.float32)


def draw_pair(
    scene: Scene, rng: np.random.Generator, targets: int, *, same_face: bool = False, same_pose: bool = False
) -> dict[str, Tensor]:
    """Draw a source view and others, mirrored or not, in slightly other colours.

    Parameters
    ----------
    targets
        Number of other views, T.
    same_face
        Whether they are the half whose expression is nearest to the source's: for the static stage, which cannot move.
    same_pose
        Whether they are the half whose camera is turned least against the source's: what differs is the face.

    Returns
    -------
    ``source [4,H,W]`` and ``targets [T,4,H,W]`` (premultiplied, 0..1), ``plate [3,H,W]``, ``lifted [H,W]`` m,
    ``source_pose [4,4]``, ``target_poses [T,4,4]``, ``source_K``, ``target_K [T,3,3]``, ``other_plate`` 0 or 1,
    ``lag [T]`` s from the source to each, ``mouth_motion [T,h,w,3]`` m (see
    `studio.core.training.mouth_motion`; NaN where unknown), ``audio [T,16,F]`` where the scene has sound.
    """
    views = len(scene)
    a = 0 if rng.random() < _SOURCE_IS_FIRST else int(rng.integers(views))
    others = np.array([v for v in range(views) if v != a] or [a])
    if same_face or same_pose:
        turned = 3 - np.einsum("vij,ij->v", scene.world_to_camera[others, :3, :3], scene.world_to_camera[a, :3, :3])
        away = np.abs(scene.code[others] - scene.code[a]).sum(1) if same_face else turned
        others = others[np.argsort(away, kind="stable")[: max(targets, (len(others) + 1) // 2)]]
    b = rng.choice(others, targets, replace=targets > len(others))
    chosen = np.concatenate([[a], b])
    rgba = scene.rgba[chosen].astype(np.float32).transpose(0, 3, 1, 2) / 255
    plate = scene.plate.astype(np.float32).transpose(2, 0, 1) / 255
    # A gain keeps what is premultiplied so; a gamma would not.
    gain = np.exp(rng.normal(0, 0.08, 3) + rng.normal(0, 0.1)).astype(np.float32)[:, None, None]
    rgba[:, :3] = np.minimum(rgba[:, :3] * gain, rgba[:, 3:])
    plate = np.minimum(plate * gain, 1)
    told = MOUTH_MOTION in scene.extra
    motion = scene.extra[MOUTH_MOTION][a, b] if told else unknown_motion(scene.size, targets)
    lifted, poses, K = scene.depth[a].astype(np.float32), scene.world_to_camera[chosen].copy(), scene.K[chosen].copy()
    if rng.random() < 0.5:
        rgba, plate, lifted = (np.ascontiguousarray(each[..., ::-1]) for each in (rgba, plate, lifted))
        motion, poses = mirrored_motion(motion), _MIRROR @ poses @ _MIRROR
        K[:, 0, 2] = scene.size - K[:, 0, 2]
    drawn = {
        "source": rgba[0], "targets": rgba[1:], "plate": plate, "lifted": lifted,
        "source_pose": poses[0], "target_poses": poses[1:], "source_K": K[0], "target_K": K[1:],
        "other_plate": np.float32(rng.random() < _OTHER_PLATE),
        "mouth_motion": motion_in_metres(motion), "lag": (scene.times[b] - scene.times[a]).astype(np.float32),
    }  # fmt: skip
    if scene.audio is not None:
        drawn["audio"] = scene.audio[b].astype(np.float32)
    return {name: torch.from_numpy(np.asarray(each)) for name, each in drawn.items()}


@dataclass(frozen=True, eq=False)
class Pairs:
    """A batch of them, composited.

    Attributes
    ----------
    source, plate
        ``[B,3,H,W]``.
    source_alpha
        ``[B,1,H,W]``.
    targets, targets_on_random
        ``[B,T,3,H,W]``: over the plate, and over the random colour.
    source_on_random
        ``[B,3,H,W]``.
    random
        ``[B,3,1,1]``.
    """

    source: Tensor
    source_alpha: Tensor
    plate: Tensor
    targets: Tensor
    random: Tensor
    source_on_random: Tensor
    targets_on_random: Tensor

    @staticmethod
    def of(batch: dict[str, Tensor], generator: Generator) -> "Pairs":
        """Composite a batch of `draw_pair`, some of them before the plate of their neighbour."""
        plate = batch["plate"]
        plate = torch.where(batch["other_plate"][:, None, None, None] > 0, plate.roll(1, 0), plate)
        random = torch.rand((len(plate), 3, 1, 1), generator=generator, device=plate.device)
        source, targets = batch["source"], batch["targets"]
        return Pairs(
            *(_over(source, plate), source[:, 3:], plate, _over(targets, plate[:, None]), random),
            *(_over(source, random), _over(targets, random[:, None])),
        )


def _over(rgba: Tensor, background: Tensor) -> Tensor:
    return over(rgba[..., :3, :, :], rgba[..., 3:, :, :], background).clamp(0, 1)
