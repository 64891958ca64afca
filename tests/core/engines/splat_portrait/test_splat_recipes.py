from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from portrait_scenes import ball_scene

from studio.core.engines.registry import load_recipe
from studio.core.engines.splat_portrait.audio import AudioAttNet, AudioNet
from studio.core.engines.splat_portrait.distill import Distillation, extreme_poses
from studio.core.engines.splat_portrait.dynamic import REACH, DynamicDecoder, SplatPortrait
from studio.core.engines.splat_portrait.objectives import motion_loss, parting_loss
from studio.core.engines.splat_portrait.recipe import StaticRecipe, splats_of
from studio.core.engines.splat_portrait.recipe_denoiser import DenoiserRecipe
from studio.core.engines.splat_portrait.recipe_dynamic import DynamicRecipe
from studio.core.engines.splat_portrait.sizes import ATTRIBUTES, PAPER, Variants, model_size
from studio.core.errors import UserError
from studio.core.nets.denoiser import Denoiser
from studio.core.nets.unet import UNetSize
from studio.core.speech.hidden import silence
from studio.core.training.checkpoint import save_weights
from studio.core.training.mouth_motion import MOUTH_MOTION, mouth_rectangle

DENOISER = UNetSize(16, 8, (1, 2), blocks=1, film=False)


def batch_of(recipe: StaticRecipe, count: int = 2, seed: int = 0) -> dict[str, torch.Tensor]:
    rng = np.random.default_rng(seed)
    samples = [recipe.sample(ball_scene(seed=i), rng) for i in range(count)]
    return {name: torch.stack([sample[name] for sample in samples]) for name in samples[0]}


def test_attention_weighs_sixteen_steps() -> None:
    torch.manual_seed(0)
    steps = torch.randn(2, 16, 160)
    embeddings = AudioNet(160, 24)(steps)
    attention = AudioAttNet(24)
    weights = attention.weights(embeddings)
    assert weights.shape == (2, 16)
    torch.testing.assert_close(weights.sum(1), torch.ones(2))
    torch.testing.assert_close(attention(embeddings), (weights[..., None] * embeddings).sum(1))


def test_stage_two_of_the_paper_learns_everything_in_a_step() -> None:
    recipe = DynamicRecipe("tiny", weights=load_recipe("splat-portrait", "paper", {})._weights(0))  # pyright: ignore
    torch.manual_seed(0)
    model = recipe.modules()
    assert isinstance(model, SplatPortrait)
    losses = recipe.losses(model, batch_of(recipe), 0, torch.Generator().manual_seed(0))
    losses["total"].backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not bool((p.grad != 0).any())] == []


def test_the_paper_hears_xlsr() -> None:
    assert PAPER.audio_features == 1024


def test_a_frozen_static_generator_stays_as_stage_one_left_it(tmp_path: Path) -> None:
    torch.manual_seed(1)
    first = StaticRecipe("tiny").modules()
    save_weights(tmp_path / "weights.safetensors", first, {})
    recipe = DynamicRecipe("tiny", static=tmp_path / "weights.safetensors", frozen=True, mouth=True)
    model = recipe.modules()
    assert isinstance(model, SplatPortrait)
    optimizer = recipe.optimizer(model)
    losses = recipe.losses(model, batch_of(recipe), 0, torch.Generator().manual_seed(0))
    losses["total"].backward()
    optimizer.step()
    for name, tensor in first.state_dict().items():
        torch.testing.assert_close(model.static.state_dict()[name], tensor, rtol=0, atol=0)
    assert any(bool((p.grad != 0).any()) for p in model.dynamic.parameters() if p.grad is not None)


def test_without_static_offsets_every_splat_stays_on_its_ray() -> None:
    for on in ("1", "0"):
        torch.manual_seed(1)
        recipe = load_recipe("splat-portrait-dynamic", "tiny", {"static_offset": on})
        model = recipe.modules()
        assert isinstance(model, SplatPortrait)
        model.static.unet.last.get_parameter("bias").data.fill_(0.5)
        scene = ball_scene()
        means = splats_of(model.static, scene).means[0]
        seen = means @ torch.from_numpy(scene.K[0]).T
        side = (torch.arange(scene.size) + 0.5).expand(scene.size, -1)
        pixels = torch.stack([side, side.T], -1).reshape(-1, 2)
        apart = (seen[:, :2] / seen[:, 2:] - pixels).abs().max()
        assert (apart > 0.1) if on == "1" else (apart < 1e-3)


@pytest.mark.parametrize("more", [(), ("parting",)])
def test_beside_a_frozen_generator_only_the_hidden_layer_learns_on(more: tuple[str, ...]) -> None:
    torch.manual_seed(1)
    recipe = DynamicRecipe("tiny", Variants(("two_layers", *more)), frozen=True, hidden=True, mouth=True)
    model = recipe.modules()
    assert isinstance(model, SplatPortrait)
    optimizer, batch = recipe.optimizer(model), batch_of(recipe)
    seen = batch["source"][:, :3], batch["source_pose"], batch["source_K"]
    before = {name: tensor.clone() for name, tensor in model.static.state_dict().items()}
    maps_before, _ = model.static.raw(*seen)
    for step in range(3):
        optimizer.zero_grad()
        recipe.losses(model, batch, step, torch.Generator().manual_seed(0))["total"].backward()
        optimizer.step()
    last = [name for name, tensor in model.static.state_dict().items() if not torch.equal(tensor, before[name])]
    assert last
    assert all("aux_conv" in name for name in last)
    maps, _ = model.static.raw(*seen)
    hidden = slice(ATTRIBUTES, 2 * ATTRIBUTES)
    assert (maps[:, hidden] - maps_before[:, hidden]).abs().max() > 1e-4
    maps[:, hidden] = maps_before[:, hidden]
    torch.testing.assert_close(maps, maps_before)


@pytest.mark.parametrize("name", ["splat-portrait", "splat-portrait-dynamic"])
def test_a_stage_goes_on_from_weights_of_its_own(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    before = load_recipe(name, "tiny", {}).modules()
    save_weights(tmp_path / "weights.safetensors", before, {})
    torch.manual_seed(2)
    after = load_recipe(name, "tiny", {"init": str(tmp_path / "weights.safetensors")}).modules()
    for key, tensor in before.state_dict().items():
        torch.testing.assert_close(after.state_dict()[key], tensor, rtol=0, atol=0)


@pytest.mark.parametrize("name", ["splat-portrait", "splat-portrait-dynamic"])
def test_takes_with_and_without_sound_fit_into_one_batch(name: str) -> None:
    recipe, rng = load_recipe(name, "tiny", {}), np.random.default_rng(0)
    spoken = ball_scene()
    heard, silent = (recipe.sample(scene, rng) for scene in (spoken, replace(spoken, audio=None)))
    assert {key: value.shape for key, value in heard.items()} == {key: value.shape for key, value in silent.items()}


def test_lips_are_shown_where_they_went() -> None:
    torch.manual_seed(0)
    rows, columns = mouth_rectangle(16)
    batch = batch_of(StaticRecipe("tiny"))
    splats = StaticRecipe("tiny").modules()(batch["source"][:, :3], batch["source_pose"], batch["source_K"])
    down = torch.zeros(2, 16, 16, 3)
    down[:, rows, columns, 1] = 0.01
    moved = splats.moved(down.flatten(1, 2))
    wanted = down[:, rows, columns].clone()
    wanted[:, 0] = torch.nan
    reach = torch.full((2,), 0.02)
    assert motion_loss(splats, moved, wanted, reach).item() == pytest.approx(0, abs=1e-6)
    assert motion_loss(splats, splats, wanted, reach).item() == pytest.approx(0.5 / 3, rel=1e-3)


def test_parts_are_learnt_from_what_goes_with_the_jaw() -> None:
    rows, columns = mouth_rectangle(16)
    wanted = torch.zeros(1, 2, 16, 16, 3)
    wanted[:, 0, 10:, :, 1] = 0.01  # all below a line goes with the jaw,
    wanted[:, 1, :, :, 1] = 0.001  # and now hardly anything moves
    wanted = wanted[:, :, rows, columns]
    line = torch.full((1, 2, 16, 16), -9.0)
    line[..., 10:, :] = 9.0
    assert parting_loss(line, wanted).item() < 1e-3
    assert parting_loss(-line, wanted).item() == pytest.approx(9, rel=1e-2)
    assert parting_loss(line, -wanted).item() < 1e-3  # the jaw shuts
    wrong_where_unknown = line.clone()
    wrong_where_unknown[:, 1] = -line[:, 1]
    assert parting_loss(wrong_where_unknown, wanted).item() < 1e-3


def test_a_splat_of_two_motions_goes_with_its_part() -> None:
    decoder = DynamicDecoder(model_size("tiny", Variants(("parting",))))
    motions, shares = torch.zeros(1, 6, 2, 2), torch.zeros(1, 1, 2, 2)
    motions[:, 3:], shares[..., 1, :] = 0.5, 1.0
    offsets = decoder.offsets(motions, shares)
    torch.testing.assert_close(offsets[0, :, 0], torch.zeros(3, 2))
    torch.testing.assert_close(offsets[0, :, 1], torch.full((3, 2), REACH * float(np.tanh(0.5))))


def test_the_mouths_motion_is_learnt_where_a_scene_tells_it() -> None:
    rows, columns = mouth_rectangle(16)
    motion = np.zeros((4, 4, rows.stop - rows.start, columns.stop - columns.start, 3), np.int8)
    motion[..., 0] = 8
    told = replace(ball_scene(), extra={MOUTH_MOTION: motion})
    recipe, gone = DynamicRecipe("tiny"), set()
    for seed in range(8):  # some of them mirrored
        sample = recipe.sample(told, np.random.default_rng(seed))["mouth_motion"]
        gone |= set(sample[..., 0].flatten().tolist())
    assert sorted(gone) == pytest.approx([-0.002, 0.002])
    torch.manual_seed(0)
    losses = recipe.losses(recipe.modules(), batch_of(recipe), 0, torch.Generator().manual_seed(0))
    assert losses["motion"] == 0  # nothing is known of it


def test_windows_of_stage_two_sometimes_end_early() -> None:
    recipe, scene = DynamicRecipe("tiny"), ball_scene()
    held = 0
    for seed in range(12):
        audio = recipe.sample(scene, np.random.default_rng(seed))["audio"][0]
        held += bool((audio[-1] == audio[-2]).all())
    assert 2 <= held <= 10


def test_without_sound_stage_two_hears_silence() -> None:
    audio = DynamicRecipe("tiny").sample(ball_scene(sound=False), np.random.default_rng(0))["audio"]
    np.testing.assert_array_equal(audio[0, 3].numpy(), silence())


def test_figures_and_sheets_of_stage_two() -> None:
    torch.manual_seed(0)
    recipe = DynamicRecipe("tiny")
    model = recipe.modules()
    figures = recipe.validate(model, [ball_scene()])
    assert figures["mouth_still"] == pytest.approx(figures["mouth_moved"], abs=0.1)  # nothing has been learnt
    assert recipe.sheet(model, [ball_scene()]).shape == (16, 13 * 16, 3)


def test_distillation_reaches_the_render_and_never_the_denoiser() -> None:
    torch.manual_seed(0)
    net = Denoiser(DENOISER)
    recipe = StaticRecipe("tiny", distillation=Distillation(net, weight=0.5))
    model = recipe.modules()
    losses = recipe.losses(model, batch_of(recipe), 0, torch.Generator().manual_seed(0))
    plain = replace(recipe, distillation=None)
    without = plain.losses(model, batch_of(plain), 0, torch.Generator().manual_seed(0))
    assert (losses["total"] - without["total"]).item() == pytest.approx(0.5 * losses["sds"].item(), rel=1e-3)
    losses["sds"].backward()
    assert all(p.grad is None for p in net.parameters())
    assert any(p.grad is not None and bool((p.grad != 0).any()) for p in model.parameters())


def test_extreme_poses_lie_on_the_bullet_time_arc() -> None:
    source = torch.from_numpy(ball_scene().world_to_camera[:1]).repeat(64, 1, 1)
    poses = extreme_poses(source, torch.Generator().manual_seed(0))
    forward = poses[:, 2, :3]  # the optical axis in head space
    yaw = torch.rad2deg(torch.atan2(forward[:, 0], -forward[:, 2]))
    pitch = torch.rad2deg(torch.asin(forward[:, 1].clamp(-1, 1)))
    assert 40 < yaw.abs().max() < 45.1
    assert 11 < pitch.abs().max() < 12.6
    torch.testing.assert_close(torch.linalg.det(poses[:, :3, :3]), torch.ones(64))


def test_the_denoiser_learns_what_distillation_shows_it() -> None:
    torch.manual_seed(0)
    recipe = DenoiserRecipe("tiny")
    net = recipe.modules()
    picture = recipe.sample(ball_scene(), np.random.default_rng(0))["picture"]
    assert picture.shape == (3, 16, 16)
    assert -1 <= picture.min() < picture.max() <= 1
    recipe.losses(net, {"picture": picture[None]}, 0, torch.Generator().manual_seed(0))["total"].backward()
    assert all(p.grad is not None for p in net.parameters())
    assert set(recipe.validate(net, [ball_scene()])) == {"error_0.1", "error_0.5", "error_2"}
    assert recipe.sheet(net, [ball_scene()]).shape == (32, 16, 3)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("splat-portrait", {"colour": "1"}, "no option"),
        ("splat-portrait", {"variants": "three_layers"}, "no variant"),
        ("splat-portrait", {"l1": "much"}, "takes a number"),
        ("splat-portrait-dynamic", {"edm": "nowhere.pt"}, "no file"),
    ],
)
def test_options_that_make_no_sense_are_told(name: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_recipe(name, "small", options)


def test_options_reach_the_recipe() -> None:
    recipe = load_recipe("splat-portrait-dynamic", "small", {"variants": "two_layers", "time_delta": "0", "l1": "3"})
    assert isinstance(recipe, DynamicRecipe)
    assert (recipe.size.layers, recipe.time_delta, recipe.frozen) == (2, False, True)
    assert recipe._weights(0).l1 == 3
