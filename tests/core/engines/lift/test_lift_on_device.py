"""A `lift` head posed in torch is the one posed by the kernels: on the CPU, and on a GPU where there is one."""

from dataclasses import fields

import gsplat_on_cpu
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from studio.core.avatar import Background, DeviceAvatar, Movable, render_bytes
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.binding import Binding
from studio.core.engines.lift.correctives import FEATURES, Correctives, Mixer
from studio.core.frame_stream import render_batch
from studio.core.gaussians.gaussians import Gaussians
from studio.core.motion.motion import Motion
from studio.core.render.reference import rotations
from studio.core.training.metrics import psnr

few = settings(max_examples=6, deadline=None)
codes = arrays(np.float32, (3, 52), elements=st.floats(0, 1, width=32))
poses = arrays(np.float32, (3, 6), elements=st.floats(-0.5, 0.5, width=32))
# Float32 on a metre: the largest difference seen is 1.2e-7 m, and 1.2e-5 of a covariance.
CLOSE = 1e-6


@pytest.fixture(scope="module")
def sparse(small_avatar: LiftAvatar) -> LiftAvatar:
    """Return every twentieth surfel, for gsplat's stand-ins are slow, of a small head as if it had learnt."""
    a = small_avatar
    kept = np.arange(0, len(a), 20)
    binding = Binding(*(getattr(a.binding, field.name)[kept] for field in fields(Binding)))
    rng = np.random.default_rng(3)
    correctives = Correctives(
        rng.normal(0, 0.3, (2, FEATURES)).astype(np.float32), -np.ones(2, np.float32), np.ones(2, np.float32),
        Mixer.straight(2, 2), rng.normal(0, 0.01, (len(kept), 2, 6)).astype(np.float16).astype(np.float32),
    )  # fmt: skip
    return LiftAvatar(
        a.name, a.camera, a.pivot, a.head_box, a.surfels[kept], binding, a.rig, a.follow[kept],
        a.revealed_by[kept], a.plate, a.thumbnail, correctives=correctives,
    )  # fmt: skip


@pytest.fixture(scope="module", params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def twin(request: pytest.FixtureRequest, sparse: LiftAvatar) -> DeviceAvatar:
    return sparse.on(request.param)


def everything(avatar: LiftAvatar, frame: Motion) -> Gaussians:
    """Pose an avatar on the processor."""
    return avatar.pose(frame, avatar.camera)


def covariances(gaussians: Gaussians) -> NDArray[np.float64]:
    """Return ``[N,3,3]`` m²; rotated axes of equal length give the same one."""
    quats, scales = (torch.as_tensor(field).cpu().numpy() for field in (gaussians.quats, gaussians.scales))
    root = rotations(quats.astype(np.float64)) * scales[:, None]
    return root @ root.transpose(0, 2, 1)


@few
@given(codes, poses)
def test_a_batch_is_posed_as_the_kernels_pose(
    twin: DeviceAvatar, sparse: LiftAvatar, code: NDArray, pose: NDArray
) -> None:
    frames = [Motion.from_frames("arkit", np.zeros(1), code[k : k + 1], pose[k : k + 1]) for k in range(3)]
    for frame, posed in zip(frames, twin.pose_batch(frames, twin.camera), strict=True):
        known = everything(sparse, frame)
        for gaussians in (posed, twin.pose(frame, twin.camera)):
            means, opacities, lengths = (
                torch.as_tensor(field).cpu().numpy()
                for field in (gaussians.means, gaussians.opacities, torch.as_tensor(gaussians.quats).norm(dim=1))
            )
            assert np.abs(means - known.means).max() < CLOSE
            assert np.abs(opacities - known.opacities).max() < CLOSE
            assert np.abs(torch.as_tensor(gaussians.colors).cpu().numpy() - known.colors).max() < CLOSE
            np.testing.assert_allclose(lengths, 1, atol=1e-4)
            error = np.abs(covariances(gaussians) - covariances(known)).max((1, 2))
            assert (error < 1e-4 * known.scales.max(1) ** 2 + 1e-20).all()


def test_a_posed_frame_keeps_its_memory(twin: DeviceAvatar) -> None:
    first = twin.pose(Motion.neutral(), twin.camera)
    kept = torch.as_tensor(first.means).clone()
    twin.pose(Motion.arkit(0.0, None, jawOpen=1.0), twin.camera, first)
    assert torch.equal(torch.as_tensor(first.means), kept)


def test_a_head_can_move_to_a_device_and_be_saved_from_there(twin: DeviceAvatar, sparse: LiftAvatar) -> None:
    assert isinstance(sparse, Movable)
    assert isinstance(twin, DeviceAvatar)
    assert not isinstance(sparse, DeviceAvatar)
    saved, known = twin.state(), sparse.state()
    assert saved.meta == known.meta
    assert all(np.array_equal(saved.arrays[name], array) for name, array in known.arrays.items())


def test_other_motion_is_refused(twin: DeviceAvatar) -> None:
    with pytest.raises(ValueError, match="follows 'arkit' motion"):
        twin.pose(Motion.from_frames("flame", np.zeros(1), np.zeros((1, 52), np.float32)), twin.camera)


@pytest.mark.parametrize("background", ["plate", "transparent"])
def test_a_frame_stays_on_the_device_and_looks_the_same(
    twin: DeviceAvatar, sparse: LiftAvatar, monkeypatch: pytest.MonkeyPatch, background: Background
) -> None:
    if twin.device == "cpu":
        gsplat_on_cpu.install(monkeypatch)
    frame = Motion.arkit(0.0, [0, 0.2, 0, 0, 0, 0], jawOpen=0.5)
    camera = sparse.camera.fitted(48)
    shown = torch.as_tensor(render_bytes(twin, frame, camera, background))
    assert shown.dtype == torch.uint8
    assert shown.device.type == twin.device
    known = render_bytes(sparse, frame, camera, background, backend="numba")
    if background == "transparent":
        assert psnr(shown[..., 3].cpu().numpy(), known[..., 3]) > 45
        shown, known = shown * (shown[..., 3:] > 127), known * (known[..., 3:] > 127)
    assert psnr(shown.cpu().numpy(), known) > 40
    pictures = render_batch(twin, [Motion.neutral(), frame], camera, background)
    assert tuple(pictures.shape) == (2, *known.shape)
    again = torch.as_tensor(render_bytes(twin, frame, camera, background))
    assert (pictures[1].int() - again.int()).abs().max() <= 1


def test_what_is_guessed_is_tinted_on_the_device_too(
    twin: DeviceAvatar, sparse: LiftAvatar, monkeypatch: pytest.MonkeyPatch
) -> None:
    if twin.device == "cpu":
        gsplat_on_cpu.install(monkeypatch)
    frame, camera = Motion.arkit(0.0, jawOpen=0.7), sparse.camera.fitted(48).orbited(sparse.pivot, 0.7, 0.0)
    plain = render_bytes(sparse, frame, camera, backend="numba")
    known = render_bytes(sparse, frame, camera, backend="numba", show_guessed=True)
    assert psnr(known, plain) < 30
    shown = torch.as_tensor(render_bytes(twin, frame, camera, show_guessed=True))
    assert shown.device.type == twin.device
    assert psnr(shown.cpu().numpy(), known) > 40
    (picture,) = render_batch(twin, [frame], camera, "plate", show_guessed=True)
    assert (picture.int() - shown.int()).abs().max() <= 1
