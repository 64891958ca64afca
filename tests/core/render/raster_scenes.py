"""Random Gaussians and cameras for the tests of this room."""

from pathlib import Path

import numpy as np

from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians

DATA = Path(__file__).resolve().parents[2] / "data"
FIELDS = ("means", "quats", "scales", "opacities", "colors")


def random_gaussians(seed: int, count: int = 60, channels: int = 3, spread: float = 0.06) -> Gaussians:
    """Scatter Gaussians about the origin."""
    rng = np.random.default_rng(seed)
    arrays = [
        rng.normal(0, spread, (count, 3)),
        rng.normal(size=(count, 4)),
        np.exp(rng.normal(-4.5, 0.7, (count, 3))),
        rng.uniform(0.05, 0.98, count),
        rng.uniform(0, 1, (count, channels)),
    ]
    return Gaussians(*(a.astype(np.float32) for a in arrays))


def askew_camera(width: int = 70, height: int = 45) -> Camera:
    """Look at the origin from half a metre, with a K of four different numbers."""
    K = np.array([[1.5 * width, 0, 0.47 * width], [0, 1.4 * width, 0.55 * height], [0, 0, 1]])
    camera = Camera(Camera.frontal(2, 1.0, 0.5).world_to_camera, K, width, height)
    return camera.orbited(np.zeros(3), 0.4, -0.3)
