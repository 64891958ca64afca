"""Scenes of a coloured ball before a wall: small, with true depth and cameras."""

import numpy as np

from studio.core.gaussians.camera import Camera
from studio.core.training.scene import Scene

RADIUS, DISTANCE = 0.1, 1.0


def ball_scene(side: int = 16, views: int = 4, seed: int = 0, sound: bool = True) -> Scene:
    rng = np.random.default_rng(seed)
    front = Camera.frontal(side, 2.5 * side, DISTANCE)
    cameras = [front] + [front.orbited(np.zeros(3), *rng.uniform(-0.5, 0.5, 2)) for _ in range(views - 1)]
    shown = [_ball(camera) for camera in cameras]
    return Scene(
        key=f"ball{seed}",
        identity=f"ball{seed}",
        source="rendered",
        ships=True,
        rgba=np.stack([rgba for rgba, _ in shown]),
        plate=rng.integers(90, 120, (side, side, 3)).astype(np.uint8),
        depth=np.stack([depth for _, depth in shown]),
        world_to_camera=np.stack([c.world_to_camera for c in cameras]).astype(np.float32),
        K=np.stack([c.K for c in cameras]).astype(np.float32),
        times=np.arange(views) / 5,
        code=np.zeros((views, 52), np.float32),
        head_pose=np.zeros((views, 6), np.float32),
        audio=rng.normal(size=(views, 16, 160)).astype(np.float16) if sound else None,
    )


def _ball(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    side = camera.width
    rows, columns = np.mgrid[:side, :side] + 0.5
    rays = np.stack([(columns - side / 2) / camera.K[0, 0], (rows - side / 2) / camera.K[1, 1], np.ones_like(rows)], -1)
    centre = camera.world_to_camera[:3, 3]
    a, b = (rays**2).sum(-1), rays @ centre
    root = b**2 - a * (centre @ centre - RADIUS**2)
    hit = root > 0
    depth = np.where(hit, (b - np.sqrt(np.maximum(root, 0))) / a, 0)
    points = (rays * depth[..., None] - centre) @ camera.world_to_camera[:3, :3]
    color = np.clip(128 + 1000 * points, 0, 255) * hit[..., None]
    return np.dstack([color, 255 * hit]).astype(np.uint8), depth.astype(np.float16)
