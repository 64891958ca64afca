"""The ablations of Splat-Portrait's table 3 at small size, by one command.

``python benchmarks/splat_portrait_ablations.py DATA OUT [--steps 300] [--static W] [--denoiser W] [--only NAME ...]``

DATA are shards with sound (``avatar-studio dataset make … --speech``). Every row is stage 2 as the paper trains it,
static generator and all, for the same steps from the same seed, and differs in one thing. Nothing but pictures teaches
it: what only made data know (depth, plate, where lips go) is left out, for the paper has clips. ``--static`` and
``--denoiser`` are weights of stage 1 and of the denoiser; what is not given is trained first, for as many steps. Judged
on people held out: PSNR and SSIM of other moments and views, moved by their sound, and the same of those turned by 25°
and more. Writes ``ablations.md``, ``ablations.csv`` and, as figure 3, ``ablations.png``: a row each, at −35°, 0°, 35°.
"""

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from machine import machine_line

from studio.core.engines.registry import load_recipe
from studio.core.engines.splat_portrait.dynamic import SplatPortrait
from studio.core.engines.splat_portrait.model import Splats
from studio.core.engines.splat_portrait.objectives import drawn
from studio.core.engines.splat_portrait.recipe import render_view, splats_of, turned
from studio.core.engines.splat_portrait.recipe_dynamic import DynamicRecipe, spoken
from studio.core.jobs import run
from studio.core.media.image import save_png
from studio.core.training.checkpoint import load_weights
from studio.core.training.loop import train
from studio.core.training.metrics import psnr, ssim
from studio.core.training.recipe import Settings
from studio.core.training.rendering import over
from studio.core.training.scene import Scene
from studio.core.training.shards import open_shards

# What each row changes of the whole method; None takes an option away.
ABLATIONS: dict[str, dict[str, str | None]] = {
    "full": {},
    "w/o time delta": {"time_delta": "0"},
    "w/o pre-training": {"static": None},
    "w/o SDS": {"denoiser": None},
    "w/o static offset": {"static_offset": "0"},
    "w/o initial frame": {"source": "0"},
}
PICTURES_ALONE = {"depth": "0", "plate": "0", "lean": "0", "motion": "0", "parting": "0", "ssim": "0"}
YAWS = (-35.0, 0.0, 35.0)
FAR = 30
"""Degrees, to the nearest ten, from which a view counts as turned far."""


@dataclass(frozen=True)
class Found:
    """What a row reached: PSNR dB and SSIM of all views, and of those turned far."""

    psnr: float
    ssim: float
    far_psnr: float
    far_ssim: float


def trained(name: str, data: Path, out: Path, options: dict[str, str], settings: Settings) -> Path:
    """Train what `name` is, unless it is there; return its weights."""
    last: list[str] = []
    recipe = load_recipe(name, "small", options)
    weights = out / "weights.safetensors"
    if not (out / "done").is_file():
        weights = run(train(recipe, data, out, settings, resume=True), lambda p: last.append(p.message))
        (out / "done").touch()
    print(f"{out.name}: {last[-1] if last else 'there already'}", flush=True)
    return weights


def moved(recipe: DynamicRecipe, model: SplatPortrait, scene: Scene, view: int, splats: Splats) -> Splats:
    """Return the splats at the moment of a view."""
    return spoken(model, splats, scene, view, time_delta=recipe.time_delta)


def judged(recipe: DynamicRecipe, model: SplatPortrait, scenes: list[Scene]) -> Found:
    """Compare every other view of scenes with what is drawn of it from view 0."""
    rows = []
    for scene in scenes:
        splats = splats_of(model.static, scene)
        for view in range(1, len(scene)):
            shown = np.clip(render_view(moved(recipe, model, scene, view, splats), scene, view), 0, 1)
            truth, angle = scene.picture(view), turned(scene, view)
            rows.append((psnr(shown, truth), ssim(shown, truth), angle is None or angle >= FAR))
    values = np.array([row[:2] for row in rows])
    far = np.array([row[2] for row in rows], bool)
    return Found(*values.mean(0), *(values[far].mean(0) if far.any() else (float("nan"),) * 2))


def sides(recipe: DynamicRecipe, model: SplatPortrait, scene: Scene) -> np.ndarray:
    """Draw a scene's source, then its last moment turned by each of `YAWS`, about the head's origin."""
    splats = moved(recipe, model, scene, len(scene) - 1, splats_of(model.static, scene))
    K = torch.from_numpy(scene.K[:1])
    at = torch.from_numpy(scene.world_to_camera[0, :3, 3].astype(np.float32))
    tiles = [scene.picture(0)]
    for yaw in np.radians(YAWS):
        turn = torch.eye(4)
        turn[0, 0] = turn[2, 2] = float(np.cos(yaw))
        turn[0, 2], turn[2, 0] = float(np.sin(yaw)), -float(np.sin(yaw))
        turn[:3, 3] = at - turn[:3, :3] @ at
        color, alpha = drawn(splats, turn[None], K, scene.size)
        tiles.append(over(color, alpha, splats.background)[0].permute(1, 2, 0).numpy())
    return np.hstack([np.clip(tile, 0, 1) for tile in tiles])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--variants", default="")
    parser.add_argument("--static", type=Path)
    parser.add_argument("--denoiser", type=Path)
    parser.add_argument("--only", nargs="*", choices=tuple(ABLATIONS), default=list(ABLATIONS))
    given = parser.parse_args()
    settings = Settings(
        steps=given.steps, batch=given.batch, seed=given.seed, precision="bf16", ema=0.98, every=10**9, validation=2
    )
    first = {"variants": given.variants} | PICTURES_ALONE
    static = given.static or trained("splat-portrait", given.data, given.out / "static", first, settings)
    denoiser = given.denoiser or trained("splat-portrait-denoiser", given.data, given.out / "denoiser", {}, settings)
    whole = first | {"static": str(static), "denoiser": str(denoiser), "frozen": "0", "hidden": "0"}
    _, held_out = open_shards(given.data).split()
    scenes = [scene for scene in (entry.read() for entry in held_out) if scene.audio is not None][:40]
    found, tiles = {}, []
    for name in given.only:
        changed = {**whole, **ABLATIONS[name]}
        options = {key: value for key, value in changed.items() if value is not None}
        folder = given.out / name.replace("w/o ", "without ").replace(" ", "-")
        weights = trained("splat-portrait-dynamic", given.data, folder, options, settings)
        recipe = load_recipe("splat-portrait-dynamic", "small", options)
        assert isinstance(recipe, DynamicRecipe)
        model = recipe.modules().eval()
        assert isinstance(model, SplatPortrait)
        load_weights(weights, model)
        found[name] = judged(recipe, model, scenes)
        shown = {scene.identity: scene for scene in scenes[::-1]}  # one of each person
        tiles.append(np.hstack([sides(recipe, model, scene) for scene in list(shown.values())[-3:]]))
        print(name, found[name], flush=True)
    with (given.out / "ablations.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["ablation", "psnr", "ssim", "far_psnr", "far_ssim"])
        table.writerows([name, f.psnr, f.ssim, f.far_psnr, f.far_ssim] for name, f in found.items())
    lines = [
        f"{given.steps} steps of {given.batch}, seed {given.seed}; {len(scenes)} scenes of people held out",
        machine_line(),
        "", "| | PSNR | SSIM | PSNR from 25° | SSIM from 25° |", "|---|---:|---:|---:|---:|",
        *(f"| {n} | {f.psnr:.2f} | {f.ssim:.3f} | {f.far_psnr:.2f} | {f.far_ssim:.3f} |" for n, f in found.items()),
    ]  # fmt: skip
    (given.out / "ablations.md").write_text("\n".join(lines) + "\n")
    save_png(given.out / "ablations.png", (np.vstack(tiles) * 255 + 0.5).astype(np.uint8))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
