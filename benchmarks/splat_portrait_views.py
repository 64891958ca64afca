"""Novel views of unseen identities by the static generator: the protocol of the training prototype.

``python benchmarks/splat_portrait_views.py WEIGHTS VAL [--sheet SHEET.png] [--variants two_layers]``; WEIGHTS are a
run's or the packed ones, VAL a folder of shards whose scenes turn about view 0. Pictures are compared whole, as shown:
the network before its own background; `copy` is view 0 itself, `flat` view 0 with its true matte on a plane at the mean
depth of the seen head, before the true plate. `depth` is view 0 with its true matte and true depth, one layer.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from studio.core.engines.splat_portrait.model import Splats, StaticGenerator, half_width
from studio.core.engines.splat_portrait.recipe import StaticRecipe, render_view, splats_of, turned
from studio.core.engines.splat_portrait.sizes import Variants, model_size
from studio.core.media.image import save_png
from studio.core.training.metrics import psnr
from studio.core.training.scene import Scene
from studio.core.training.shards import open_shards


def generator(path: Path, config: str, variants: Variants) -> StaticGenerator:
    weights = {k.removeprefix("static."): v.float() for k, v in load_file(path).items() if not k.startswith("dynamic.")}
    model = StaticGenerator(model_size(config, variants))
    model.load_state_dict(weights)
    return model.eval()


def on_depth(scene: Scene, depth: np.ndarray) -> Splats:
    """Put view 0's own pixels at a depth ``[H,W]``, before the true plate."""
    side, rgba = scene.size, scene.rgba[0].astype(np.float32) / 255
    pose, K = (torch.from_numpy(each[:1]) for each in (scene.world_to_camera, scene.K))
    rows, columns = np.mgrid[:side, :side] + 0.5
    f = scene.K[0, 0, 0]
    rays = np.stack([(columns - scene.K[0, 0, 2]) / f, (rows - scene.K[0, 1, 2]) / f, np.ones_like(rows)], -1)
    means = torch.from_numpy((rays * depth[..., None]).reshape(1, -1, 3).astype(np.float32))
    pixel = float(half_width(pose, K, side)) * 2 / side
    color = rgba[..., :3] / np.maximum(rgba[..., 3:], 0.05)
    return Splats(
        means,
        torch.tensor([1.0, 0, 0, 0]).expand(1, side * side, 4),
        torch.full((1, side * side, 3), 0.75 * pixel),
        torch.from_numpy(0.97 * rgba[..., 3].reshape(1, -1)),
        torch.from_numpy(color.reshape(1, -1, 3)),
        torch.from_numpy(scene.plate.astype(np.float32).transpose(2, 0, 1)[None] / 255),
        torch.from_numpy(depth[None]),
    )


def shown(model: StaticGenerator, scene: Scene) -> dict[str, Splats]:
    depth = scene.depth[0].astype(np.float32)
    known = depth > 0
    middle = float(depth[known].mean())
    filled = np.where(known, depth, middle).astype(np.float32)
    return {"flat": on_depth(scene, np.full_like(depth, middle)), "depth": on_depth(scene, filled),
            "net": splats_of(model, scene)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("weights", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--config", default="small")
    parser.add_argument("--variants", default="")
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    variants = Variants(tuple(name for name in options.variants.split("+") if name))
    model = generator(options.weights, options.config, variants)
    scenes = [entry.read() for part in open_shards(options.data).split() for entry in part]
    found: dict[tuple[str, int], list[float]] = {}
    for scene in scenes:
        ways = shown(model, scene)
        for view in range(len(scene)):
            angle = turned(scene, view)
            if angle is None:
                continue
            pictures = {"copy": scene.picture(0)} | {name: render_view(s, scene, view) for name, s in ways.items()}
            for name, picture in pictures.items():
                found.setdefault((name, angle), []).append(psnr(np.clip(picture, 0, 1), scene.picture(view)))
    angles = sorted({angle for _, angle in found})
    print(f"{len(scenes)} scenes of {len({s.identity for s in scenes})} identities, PSNR in dB")
    print("| |" + "".join(f" {angle}° |" for angle in angles) + "\n|---|" + "---|" * len(angles))
    for name in ("copy", "flat", "depth", "net"):
        print(f"| {name} |" + "".join(f" {np.mean(found[name, angle]):.2f} |" for angle in angles))
    if options.sheet:
        save_png(options.sheet, StaticRecipe("small", variants).sheet(model, scenes))


if __name__ == "__main__":
    main()
