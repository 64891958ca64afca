"""SyncNet's features and scores against what is published of them, with weights a user might bring."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.core.errors import UserError
from studio.core.training.syncnet import SIDE, crop_face, mfcc, score_of, sync_score, why_no_syncnet

LAYERS: dict[str, list[tuple[int, tuple[int, ...]]]] = {
    "netcnnaud": [
        (0, (64, 1, 3, 3)), (4, (192, 64, 3, 3)), (8, (384, 192, 3, 3)), (11, (256, 384, 3, 3)), (14, (256, 256, 3, 3)),
        (18, (512, 256, 5, 4)),
    ],
    "netcnnlip": [
        (0, (96, 3, 5, 7, 7)), (4, (256, 96, 1, 5, 5)), (8, (256, 256, 1, 3, 3)), (11, (256, 256, 1, 3, 3)),
        (14, (256, 256, 1, 3, 3)), (18, (512, 256, 1, 6, 6)),
    ],
    "netfcaud": [(0, (512, 512))],
    "netfclip": [(0, (512, 512))],
}  # fmt: skip
"""Where the published file has its layers: each is followed by its normalisation."""
EXPECTED = [20.4996, 19.5083, 2.6454, -13.1869, -26.1687, -32.5227, -28.6813, -17.6766, -2.3614, 10.7937, 18.885,
            18.6865, 12.3811]  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AVATAR_STUDIO_WEIGHTS", str(tmp_path))
    return tmp_path


def published() -> dict[str, Tensor]:
    """Return a state dict of the published names and shapes, without the counts that newer files have."""
    generator, state = torch.Generator().manual_seed(0), {}
    for name, layers in LAYERS.items():
        for place, shape in layers:
            fan_in = int(np.prod(shape[1:]))
            state[f"{name}.{place}.weight"] = torch.randn(shape, generator=generator) * (2 / fan_in) ** 0.5
            for index, entry, value in (
                (place, "bias", 0.0), (place + 1, "weight", 1.0), (place + 1, "bias", 0.0),
                (place + 1, "running_mean", 0.0), (place + 1, "running_var", 1.0),
            ):  # fmt: skip
                state[f"{name}.{index}.{entry}"] = torch.full(shape[:1], value)
    for name in ("netfcaud", "netfclip"):
        state |= {f"{name}.3.weight": torch.randn(1024, 512, generator=generator), f"{name}.3.bias": torch.zeros(1024)}
    return state


def test_cepstra_are_those_it_learnt_from() -> None:
    """A tone of 440 Hz; the figures are python_speech_features 0.6's."""
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(3200) / 16000)
    found = mfcc(tone.astype(np.float32))
    assert found.shape == (19, 13)
    np.testing.assert_allclose(found[5], EXPECTED, atol=1e-3)
    assert np.isfinite(mfcc(np.zeros(500, np.float32))).all()


def test_the_offset_of_embeddings_is_found() -> None:
    generator = torch.Generator().manual_seed(0)
    sounds = torch.randn(60, 1024, generator=generator)
    score = score_of(sounds.roll(4, 0), sounds)
    assert score.offset == 4
    assert score.confidence > 10
    assert score_of(sounds, sounds).offset == 0
    assert score_of(sounds, sounds).distance == pytest.approx(0, abs=1e-3)


def test_a_clip_is_scored_where_the_weights_are(folder: Path) -> None:
    assert "syncnet_v2.model" in (why_no_syncnet() or "")
    torch.save(published(), folder / "syncnet_v2.model")
    assert why_no_syncnet() is None
    rng = np.random.default_rng(0)
    faces = rng.integers(0, 256, (8, SIDE, SIDE, 3), np.uint8)
    samples = rng.normal(0, 0.1, 16000 * 8 // 25).astype(np.float32)
    score = sync_score(faces, samples)
    assert score.distance > 0
    assert score.confidence >= 0
    assert abs(score.offset) <= 15
    with pytest.raises(ValueError, match="too short"):
        sync_score(faces, samples[:3200])


def test_other_weights_are_refused(folder: Path) -> None:
    state = published()
    del state["netcnnlip.0.weight"]
    torch.save(state, folder / "syncnet_v2.model")
    with pytest.raises(UserError, match="another network's"):
        sync_score(np.zeros((8, SIDE, SIDE, 3), np.uint8), np.zeros(16000, np.float32))


def test_a_face_is_cut_out_with_what_is_below_it() -> None:
    frame = np.zeros((200, 300, 3), np.uint8)
    frame[80:120, 130:170] = 255  # the box: half of it is 20 px
    face = crop_face(frame, (130, 80, 170, 120))
    rows, columns = np.nonzero(face[..., 0] > 127)
    scale = SIDE / 56
    assert rows.min() == pytest.approx(0, abs=1)
    assert rows.max() == pytest.approx(40 * scale, abs=2)
    assert columns.min() == pytest.approx(8 * scale, abs=2)
    assert columns.max() == pytest.approx(48 * scale, abs=2)
    assert (crop_face(frame, (0, 0, 40, 40))[50, 0] == 110).all()
