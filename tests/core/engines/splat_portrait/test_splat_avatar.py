from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from studio.core.avatar import AvatarState, render_frame
from studio.core.engines.base import VARIANTS, BuildOptions, Trained
from studio.core.engines.splat_portrait.avatar import SplatPortraitAvatar
from studio.core.engines.splat_portrait.background import margin_around
from studio.core.engines.splat_portrait.dynamic import SplatPortrait
from studio.core.engines.splat_portrait.engine import SplatPortraitEngine, read_weights
from studio.core.engines.splat_portrait.sizes import Variants, model_size
from studio.core.errors import UserError
from studio.core.export_mesh import export_mesh
from studio.core.export_splats import export_splats
from studio.core.framing import orbit, square_camera
from studio.core.jobs import run
from studio.core.motion.motion import Motion
from studio.core.motion.poses import NECK_JOINT
from studio.core.perception.portrait import Portrait
from studio.core.project.archive import load_avatar, save_avatar
from studio.core.standard_crop import cropped, standard_crop, widened
from studio.core.training.checkpoint import save_weights
from studio.core.training.metrics import psnr

TWO = Variants(("two_layers",))


def write_weights(path: Path, seed: int = 0, variants: Variants = TWO) -> Path:
    torch.manual_seed(seed)
    model = SplatPortrait(model_size("tiny", variants))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    save_weights(path, model.half(), {})
    return path


@pytest.fixture(scope="module")
def avatar(portrait: Portrait, tmp_path_factory: pytest.TempPathFactory) -> SplatPortraitAvatar:
    weights = write_weights(tmp_path_factory.mktemp("weights") / "w.safetensors")
    return run(SplatPortraitEngine(weights).reconstruct(portrait))  # pyright: ignore[reportReturnType]


def speaking(seed: int = 0) -> Motion:
    heard = np.random.default_rng(seed).normal(size=(1, 16, 160)).astype(np.float32)
    return replace(Motion.neutral(), heard=heard)


def shown(avatar: SplatPortraitAvatar, frame: Motion, yaw: float = 0) -> np.ndarray:
    return render_frame(avatar, frame, orbit(avatar, square_camera(avatar, 32), yaw, 0))


def test_it_is_saved_and_opened_exactly(avatar: SplatPortraitAvatar, tmp_path: Path) -> None:
    save_avatar(avatar, tmp_path / "a.avatar")
    again = load_avatar(tmp_path / "a.avatar")
    assert isinstance(again, SplatPortraitAvatar)
    for frame in (Motion.neutral(), speaking()):
        np.testing.assert_array_equal(shown(avatar, frame), shown(again, frame))
    assert again.motion_space == "audio"


def test_it_looks_like_the_portrait_and_moves_with_sound_and_pose(avatar: SplatPortraitAvatar) -> None:
    rest = shown(avatar, Motion.neutral())
    assert np.isfinite(rest).all()
    assert (rest[..., 3] == 1).all()
    assert np.abs(shown(avatar, speaking()) - rest).max() > 1e-3
    assert np.abs(shown(avatar, speaking(0)) - shown(avatar, speaking(1))).max() > 1e-4
    turned = Motion.arkit(0.0, head_pose=[0, 0.4, 0, 0, 0, 0])
    assert np.abs(shown(avatar, turned) - rest).max() > 0.05
    # It has no face parameters: sliders change nothing.
    np.testing.assert_array_equal(shown(avatar, Motion.arkit(jawOpen=1.0)), rest)


def test_turning_the_head_is_turning_the_camera(avatar: SplatPortraitAvatar) -> None:
    """Section 4: the head's pose is the camera's, about the joint of the neck; the plate stands still."""
    turn, camera = 0.3, square_camera(avatar, 32)
    frame = Motion.arkit(0.0, head_pose=[0, turn, 0, 0, 0, 0])
    c, s = np.cos(turn), np.sin(turn)
    moved = np.eye(4)
    moved[:3, :3] = [[c, 0, s], [0, 1, 0], [-s, 0, c]]
    moved[:3, 3] = NECK_JOINT - moved[:3, :3] @ NECK_JOINT
    around = replace(camera, world_to_camera=camera.world_to_camera @ moved)
    head = render_frame(avatar, frame, camera, "transparent")
    np.testing.assert_allclose(head, render_frame(avatar, Motion.neutral(), around, "transparent"), atol=5e-3)


def test_a_wide_picture_shows_what_stands_around_the_crop(portrait: Portrait, avatar: SplatPortraitAvatar) -> None:
    side, margin = avatar.camera.width, margin_around(avatar.camera.width)
    whole = render_frame(avatar, Motion.neutral(), widened(avatar.camera, margin))[..., :3]
    own = cropped(portrait.plate, portrait.pose.camera, side, cv2.BORDER_REPLICATE, margin)
    above = np.s_[: margin // 2]  # no head reaches there
    assert psnr(whole[above], own[above]) > 35
    assert psnr(whole[above], np.broadcast_to(whole[margin : margin + 1], whole[above].shape)) < 30  # not drawn out


def test_heads_saved_before_plates_had_surroundings_open(avatar: SplatPortraitAvatar) -> None:
    state = avatar.state()
    before = {name: array for name, array in state.arrays.items() if name != "around"}
    again = SplatPortraitAvatar.from_state(AvatarState(state.engine, before, state.meta))
    now, then = (render_frame(a, Motion.neutral(), a.camera) for a in (avatar, again))
    edge = len(now) // 16  # where what the network found goes over into the portrait's own
    np.testing.assert_allclose(now[edge:-edge, edge:-edge], then[edge:-edge, edge:-edge], atol=1e-6)


def test_other_weights_give_another_head(portrait: Portrait, avatar: SplatPortraitAvatar, tmp_path: Path) -> None:
    other = run(SplatPortraitEngine(write_weights(tmp_path / "w.safetensors", 7)).reconstruct(portrait))
    assert isinstance(other, SplatPortraitAvatar)
    assert np.abs(shown(avatar, Motion.neutral(), 30) - shown(other, Motion.neutral(), 30)).mean() > 0.01


def test_the_bench_compares_trained_refined_and_random_networks(
    portrait: Portrait, avatar: SplatPortraitAvatar, tmp_path: Path
) -> None:
    engine = SplatPortraitEngine(write_weights(tmp_path / "w.safetensors"))
    assert isinstance(engine, Trained)
    built = [run(engine.variant(name).reconstruct(portrait)) for name in VARIANTS]
    camera = avatar.camera
    wanted = standard_crop(portrait, camera.width).picture
    trained, refined, random = (psnr(render_frame(a, Motion.neutral(), camera)[..., :3], wanted) for a in built)
    assert min(refined, random) > trained + 1.5
    # Anybody who builds an avatar gets the second.
    np.testing.assert_array_equal(shown(built[1], Motion.neutral()), shown(avatar, Motion.neutral()))  # pyright: ignore
    turned = [shown(a, Motion.neutral(), 30) for a in built]  # pyright: ignore[reportArgumentType]
    assert np.abs(turned[1] - turned[2]).mean() > 0.01
    # The portrait's own view is fitted, and what the network made of the sides is kept.
    sides, fronts = ([shown(a, Motion.neutral(), yaw) for a in built[:2]] for yaw in (25, 0))  # pyright: ignore
    assert psnr(*sides) > psnr(*fronts) + 1
    # And what it made of the speaking face, which moves as before.
    speaks = [shown(a, speaking()) for a in built[:2]]  # pyright: ignore[reportArgumentType]
    assert psnr(*speaks) > psnr(*fronts)
    assert np.abs(shown(built[1], speaking()) - shown(built[1], Motion.neutral())).max() > 1e-3  # pyright: ignore


def test_high_quality_has_more_splats(portrait: Portrait, avatar: SplatPortraitAvatar, tmp_path: Path) -> None:
    engine = SplatPortraitEngine(write_weights(tmp_path / "w.safetensors"))
    assert len(run(engine.reconstruct(portrait, options=BuildOptions("high"))).pose(  # pyright: ignore
        Motion.neutral(), avatar.camera)) > 1.5 * len(avatar)  # fmt: skip


def test_splats_are_exported(avatar: SplatPortraitAvatar, tmp_path: Path) -> None:
    run(export_splats(avatar, tmp_path / "a.ply"))
    assert (tmp_path / "a.ply").stat().st_size > 1000


def test_it_has_no_mesh_and_says_what_can_be_exported(avatar: SplatPortraitAvatar, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="export splats"):
        run(export_mesh(avatar, tmp_path / "a.glb"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("names", [(), ("spread_background",), ("two_layers", "parting")])
def test_every_variant_is_known_by_its_weights_and_built(
    names: tuple[str, ...], portrait: Portrait, tmp_path: Path
) -> None:
    weights = write_weights(tmp_path / "w.safetensors", variants=Variants(names))
    built = run(SplatPortraitEngine(weights).reconstruct(portrait))
    assert isinstance(built, SplatPortraitAvatar)
    assert built.variants.names == names
    save_avatar(built, tmp_path / "a.avatar")
    again = load_avatar(tmp_path / "a.avatar")
    np.testing.assert_array_equal(shown(again, speaking()), shown(built, speaking()))  # pyright: ignore


def test_without_weights_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("studio.core.assets.ASSETS", tmp_path)
    with pytest.raises(UserError, match="has no weights"):
        read_weights()
    (tmp_path / "w.safetensors").write_bytes(b"nothing")
    with pytest.raises(UserError, match="damaged"):
        read_weights(tmp_path / "w.safetensors")


@pytest.mark.parametrize("harm", ["missing", "shape", "nan", "places", "decoder", "variants"])
def test_damaged_states_are_refused(avatar: SplatPortraitAvatar, harm: str) -> None:
    state = avatar.state()
    arrays, meta = dict(state.arrays), dict(state.meta)
    if harm == "missing":
        del arrays["feature.0"]
    elif harm == "shape":
        arrays["quats"] = arrays["quats"][:, :3]
    elif harm == "nan":
        arrays["means"] = np.full_like(arrays["means"], np.nan)
    elif harm == "places":
        arrays["places"] = arrays["places"] + 10**6
    elif harm == "decoder":
        arrays["decoder.out.weight"] = arrays["decoder.out.weight"][:1]
    else:
        meta["variants"] = ["three_layers"]
    with pytest.raises(UserError, match="damaged"):
        SplatPortraitAvatar.from_state(AvatarState(state.engine, arrays, meta))
