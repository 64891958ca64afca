"""Write the pictures that judge every rasteriser: tests/data/raster_*.safetensors, by the reference."""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.render import reference

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "data"
SCENES = {"rgb": (3, 64, 48, 200), "features": (32, 40, 36, 80)}


def scene(channels: int, width: int, height: int, count: int, seed: int) -> tuple[Gaussians, Camera]:
    """Scatter Gaussians of every size, shape and opacity before a camera that looks at them askew."""
    rng = np.random.default_rng(seed)
    arrays = [
        rng.normal(0, 0.07, (count, 3)),
        rng.normal(size=(count, 4)),
        np.exp(rng.normal(-4.5, 0.9, (count, 3))),
        rng.uniform(0, 1, count),
        rng.uniform(0, 1, (count, channels)),
    ]
    means, quats, scales, opacities, colors = (a.astype(np.float32) for a in arrays)
    quats /= np.linalg.norm(quats, axis=1, keepdims=True)
    K = np.array([[1.6 * width, 0, 0.45 * width], [0, 1.5 * width, 0.53 * height], [0, 0, 1]])
    camera = Camera(Camera.frontal(2, 1.0, 0.5).world_to_camera, K, width, height)
    return Gaussians(means, quats, scales, opacities, colors), camera.orbited(np.zeros(3), 0.5, 0.2)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, (channels, width, height, count) in SCENES.items():
        gaussians, camera = scene(channels, width, height, count, seed=7)
        raster = reference.rasterize(gaussians, camera, depth=True)
        arrays = {field: getattr(gaussians, field) for field in ("means", "quats", "scales", "opacities", "colors")}
        arrays |= {"world_to_camera": camera.world_to_camera, "K": camera.K}
        arrays |= {"raster_color": raster.color, "raster_alpha": raster.alpha, "raster_depth": raster.depth}
        path = FOLDER / f"raster_{name}.safetensors"
        save_file({key: np.ascontiguousarray(value) for key, value in arrays.items()}, path)
        print(f"{path.name}: {count} Gaussians, {channels} channels, {width}x{height} px")


if __name__ == "__main__":
    main()
