"""Rendered people that the bench judges on: numbered, of a seed that no data set uses, with every vertex known."""

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import render_bytes
from studio.core.datasets.augment import made_plate
from studio.core.datasets.mesh_head import MeshHead
from studio.core.datasets.rendered_heads import person
from studio.core.gaussians.camera import Camera
from studio.core.motion.motion import Motion

SEED = 1_000_003
"""Of the bench's people; `avatar-studio dataset` starts at 0."""


def rendered_person(number: int) -> MeshHead:
    """Return somebody; the same number is always the same person."""
    return person(SEED, number)


def plate_of(number: int, size: int) -> NDArray[np.float32]:
    """Return the background ``[size,size,3]`` 0..1 that somebody stands before."""
    return made_plate(np.random.default_rng([SEED, number, 1]), size)


def picture_of(head: MeshHead, frame: Motion, camera: Camera, plate: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return what a camera sees ``[H,W,3]``."""
    return np.asarray(render_bytes(head, frame, camera, plate))[..., :3]
