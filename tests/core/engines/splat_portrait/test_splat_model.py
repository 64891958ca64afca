from dataclasses import replace

import numpy as np
import pytest
import torch
from portrait_scenes import ball_scene

from studio.core.engines.splat_portrait.background import spread_background
from studio.core.engines.splat_portrait.dynamic import SplatPortrait, as_offsets
from studio.core.engines.splat_portrait.model import CONDITION, StaticGenerator, camera_condition, half_width
from studio.core.engines.splat_portrait.objectives import PAPER_WEIGHTS, SMALL_WEIGHTS
from studio.core.engines.splat_portrait.recipe import StaticRecipe, render_view, splats_of, turned
from studio.core.engines.splat_portrait.sizes import PAPER, TINY, Variants, model_size
from studio.core.training.scene import Scene


def batch_of(recipe: StaticRecipe, scenes: list[Scene], seed: int = 0) -> dict[str, torch.Tensor]:
    rng = np.random.default_rng(seed)
    samples = [recipe.sample(scene, rng) for scene in scenes]
    return {name: torch.stack([sample[name] for sample in samples]) for name in samples[0]}


def step(recipe: StaticRecipe, modules: torch.nn.Module, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return recipe.losses(modules, batch, 0, torch.Generator().manual_seed(0))


def test_cameras_are_told_in_sixty_numbers() -> None:
    scene = ball_scene()
    poses, K = torch.from_numpy(scene.world_to_camera), torch.from_numpy(scene.K)
    told = camera_condition(poses, K, scene.size)
    assert told.shape == (4, CONDITION) == (4, 60)
    assert (told[0] - told[1]).abs().max() > 0.1
    assert (camera_condition(poses, 2 * K, scene.size) - told).abs().max() > 0.1


@pytest.mark.parametrize("variants", [(), ("two_layers",), ("lifted_depth",), ("two_layers", "spread_background")])
def test_a_pixel_becomes_a_gaussian_on_its_ray(variants: tuple[str, ...]) -> None:
    size = model_size("tiny", Variants(variants))
    torch.manual_seed(0)
    scene = ball_scene()
    splats = splats_of(StaticGenerator(size), scene)
    assert splats.means.shape == (1, 256 * size.layers, 3)
    assert (splats.opacities >= 0).all()
    assert (splats.opacities <= 1).all()
    assert splats.background.shape == (1, 3, 16, 16)
    # p = r d + Δs: but for the offset, each mean projects to its own pixel.
    unit = float(half_width(torch.from_numpy(scene.world_to_camera[:1]), torch.from_numpy(scene.K[:1]), 16))
    seen = splats.means[0, :256].numpy()
    pixels = seen[:, :2] / seen[:, 2:] * scene.K[0, 0, 0] + 8
    columns, rows = np.meshgrid(np.arange(16) + 0.5, np.arange(16) + 0.5)
    assert np.abs(pixels - np.stack([columns.ravel(), rows.ravel()], 1)).max() * unit / 8 < 0.2 * unit


def test_a_larger_picture_gives_sharper_colours_on_the_same_surface() -> None:
    torch.manual_seed(0)
    model, scene = StaticGenerator(TINY), ball_scene()
    picture = torch.from_numpy(scene.picture(0).transpose(2, 0, 1).copy())[None]
    pose, K = torch.from_numpy(scene.world_to_camera[:1]), torch.from_numpy(scene.K[:1])
    maps, _ = model.raw(picture, pose, K)
    fine = torch.nn.functional.interpolate(maps, scale_factor=2, mode="nearest")
    fine_K = K * torch.tensor([2.0, 2.0, 1.0])[:, None]
    own = model.decoded(maps, picture, pose, K)
    sharp = model.decoded(fine, torch.nn.functional.interpolate(picture, scale_factor=2), pose, fine_K)
    torch.testing.assert_close(sharp.depth[:, ::2, ::2], own.depth)
    torch.testing.assert_close(sharp.scales.mean() * 2, own.scales.mean())


def test_the_paper_has_its_sizes_and_learns_in_a_step() -> None:
    """All of the published channels and blocks, at fewer pixels: its parameters are the same."""
    assert (PAPER.unet.resolution, PAPER.unet.channels, PAPER.unet.blocks, PAPER.layers) == (256, 128, 4, 1)
    few = replace(PAPER, unet=replace(PAPER.unet, resolution=32))
    recipe = StaticRecipe("paper")
    torch.manual_seed(0)
    model = StaticGenerator(few)
    assert sum(p.numel() for p in model.parameters()) > 55e6
    optimizer = recipe.optimizer(model)
    assert (optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["weight_decay"]) == (2.5e-5, 1e-5)
    batch = batch_of(recipe, [ball_scene(32)])
    before = step(recipe, model, batch)["total"]
    before.backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not bool((p.grad != 0).any())] == []
    optimizer.step()
    assert step(recipe, model, batch)["total"] < before


@pytest.mark.parametrize("weights", [PAPER_WEIGHTS, SMALL_WEIGHTS])
def test_it_learns_a_ball(weights) -> None:
    torch.manual_seed(0)
    recipe = StaticRecipe("tiny", Variants(("two_layers",)), weights=weights)
    scene = ball_scene()
    model = recipe.modules()
    optimizer = recipe.optimizer(model)
    start = recipe.validate(model, [scene])
    for i in range(40):
        optimizer.zero_grad()
        step(recipe, model, batch_of(recipe, [scene, scene], seed=i))["total"].backward()
        optimizer.step()
    end = recipe.validate(model, [scene])
    angle = turned(scene, 1)
    assert end[f"psnr_{angle}"] > start[f"psnr_{angle}"] + 0.5


def test_random_weights_change_the_picture() -> None:
    scene, pictures = ball_scene(), []
    for seed in range(2):
        torch.manual_seed(seed)
        model = StaticGenerator(TINY)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
        pictures.append(render_view(splats_of(model, scene), scene, 1))
    assert np.abs(pictures[0] - pictures[1]).max() > 0.05


def test_mirrored_samples_are_true_views() -> None:
    """Whatever is drawn, a point of the source lies in the target where its own camera sees it."""
    scene, recipe = ball_scene(32, views=6, seed=3), StaticRecipe("tiny")
    for seed in range(8):
        sample = recipe.sample(scene, np.random.default_rng(seed))
        pose, to, K = (sample[n].numpy() for n in ("source_pose", "target_poses", "source_K"))
        rows, columns = np.nonzero(sample["source"][3].numpy() > 0.5)
        depth = sample["lifted"].numpy()[rows, columns]
        rays = np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))], 1) @ np.linalg.inv(K).T
        world = (rays * depth[:, None] - pose[:3, 3]) @ pose[:3, :3]
        assert np.abs(np.linalg.norm(world, axis=1) - 0.1).max() < 2e-3
        seen = (world @ to[0, :3, :3].T + to[0, :3, 3]) @ sample["target_K"][0].numpy().T
        x, y = (seen[:, :2] / seen[:, 2:]).T.astype(int)
        assert sample["targets"][0, 3].numpy()[y, x].mean() > 0.9


def test_nothing_moves_at_first_and_offsets_keep_the_order_of_splats() -> None:
    torch.manual_seed(0)
    size = model_size("tiny", Variants(("two_layers",)))
    model, scene = SplatPortrait(size), ball_scene()
    splats = splats_of(model.static, scene)
    sound = torch.from_numpy(np.asarray(scene.audio)[:2].astype(np.float32))[None]
    moved = model.at(splats, sound, torch.tensor([[0.2, 0.4]]), torch.tensor([0.2]))
    assert moved.means.shape == (2, 512, 3)
    assert (moved.means - splats.means).abs().max() < 1e-3
    maps = torch.arange(2 * 3 * 4.0).reshape(1, 6, 2, 2)
    assert as_offsets(maps)[0, 0].tolist() == [0, 4, 8]
    assert as_offsets(maps)[0, 5].tolist() == [13, 17, 21]


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="no variant"):
        Variants(("three_layers",))
    with pytest.raises(ValueError, match="no configuration"):
        model_size("large")


def test_a_background_goes_on_behind_the_head_and_takes_nothing_of_it() -> None:
    wall = torch.linspace(0.2, 0.6, 33).expand(1, 3, 33, 33)
    inside = torch.zeros(1, 1, 33, 33)
    inside[..., 8:25, 8:25] = 1
    picture = torch.where(inside > 0, torch.tensor([1.0, 0.0, 0.0])[:, None, None], wall)
    spread = spread_background(picture, 1 - inside)
    assert (spread - wall).abs().max() < 0.12
    assert (spread[:, 0] - spread[:, 1]).abs().max() < 1e-3  # nothing red
    assert (spread - wall)[..., :6, :].abs().max() < 1e-4
