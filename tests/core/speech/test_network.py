import numpy as np
import pytest
import torch

from studio.core.assets import ASSETS
from studio.core.media.audio import load_audio
from studio.core.speech.features import MELS, MelStream, log_mel
from studio.core.speech.network import (
    CHANNELS,
    DELAYS,
    RECORDING_SHAPES,
    SHAPES,
    NetworkStream,
    RecordingNetwork,
    recording_weights,
    speech_weights,
)


@pytest.fixture
def log_mels() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.standard_normal((300, MELS)) * 0.6 - 0.5).astype(np.float32)


def in_torch(log_mels: np.ndarray) -> np.ndarray:
    """The network from PyTorch's own layers, as it was trained."""
    conv1, conv2 = torch.nn.Conv1d(MELS, 128, 5), torch.nn.Conv1d(128, 128, 3)
    gru, head = torch.nn.GRU(128, 160, 2, batch_first=True), torch.nn.Linear(160, 24)
    jaw1, jaw2 = torch.nn.Linear(160, 96), torch.nn.Linear(96, len(DELAYS))
    layers = torch.nn.ModuleDict({"conv1": conv1, "conv2": conv2, "gru": gru, "head": head, "jaw1": jaw1, "jaw2": jaw2})
    layers.load_state_dict({key: torch.from_numpy(value) for key, value in speech_weights().items()})
    with torch.no_grad():
        x = torch.nn.functional.pad(torch.from_numpy(log_mels).T[None], (6, 0))
        x = torch.relu(conv2(torch.relu(conv1(x)))).transpose(1, 2)
        heard = gru(x)[0][0]
        logits = head(heard).reshape(-1, len(DELAYS), len(CHANNELS))
        logits[:, :, CHANNELS.index("jaw")] += jaw2(torch.relu(jaw1(heard)))
        return torch.sigmoid(logits).numpy()


def test_weights_are_those_the_network_needs() -> None:
    assert {key: value.shape for key, value in speech_weights().items()} == SHAPES
    assert sum(value.size for value in speech_weights().values()) == 403_739


def test_batch_equals_pytorch(log_mels: np.ndarray) -> None:
    np.testing.assert_allclose(NetworkStream().push(log_mels), in_torch(log_mels), atol=1e-3)


def test_stream_equals_batch(log_mels: np.ndarray) -> None:
    stream = NetworkStream()
    streamed = np.concatenate([stream.push(frame[None]) for frame in log_mels])
    np.testing.assert_allclose(streamed, NetworkStream().push(log_mels), atol=1e-3)


def test_streams_do_not_share_their_memory(log_mels: np.ndarray) -> None:
    busy, fresh = NetworkStream(), NetworkStream()
    busy.push(log_mels)
    np.testing.assert_array_equal(fresh.push(log_mels[:5]), NetworkStream().push(log_mels[:5]))


@pytest.fixture
def recording() -> RecordingNetwork:
    """The network for recordings with weights that make every hop hear its future."""
    rng = np.random.default_rng(1)
    small = {key: (0.1 * rng.standard_normal(shape)).astype(np.float32) for key, shape in RECORDING_SHAPES.items()}
    return RecordingNetwork(backward=small)


@pytest.fixture
def long_log_mels() -> np.ndarray:
    return (np.random.default_rng(2).standard_normal((1300, MELS)) * 0.6 - 0.5).astype(np.float32)


def test_a_recording_is_answered_hop_for_hop(recording: RecordingNetwork, long_log_mels: np.ndarray) -> None:
    early = recording.push(long_log_mels)
    late = recording.finish()
    assert early.shape[0] > 0
    assert len(early) + len(late) == len(long_log_mels)
    assert len(recording.finish()) == 0
    assert early.shape[1] == late.shape[1] == len(CHANNELS)


@pytest.mark.parametrize("piece", [1, 37, 999])
def test_how_a_recording_is_cut_changes_nothing(
    recording: RecordingNetwork, long_log_mels: np.ndarray, piece: int
) -> None:
    whole = np.concatenate([recording.push(long_log_mels), recording.finish()])
    other = RecordingNetwork(backward=recording._backward)
    cut = [other.push(long_log_mels[k : k + piece]) for k in range(0, len(long_log_mels), piece)]
    np.testing.assert_allclose(np.concatenate([*cut, other.finish()]), whole, atol=1e-3)


def test_a_recording_hears_what_follows_across_blocks(recording: RecordingNetwork, long_log_mels: np.ndarray) -> None:
    """The hops before a block's edge know what comes after it, as those in its middle do."""
    whole = np.concatenate([recording.push(long_log_mels), recording.finish()])
    changed = long_log_mels.copy()
    changed[403:] += 1
    other = RecordingNetwork(backward=recording._backward)
    heard = np.concatenate([other.push(changed), other.finish()])
    assert np.abs(heard[398] - whole[398]).max() > 1e-4
    np.testing.assert_allclose(heard[:200], whole[:200], atol=1e-3)


@pytest.fixture(scope="module")
def sample() -> np.ndarray:
    """Log-mels of the sample speech, at the level the networks were trained at."""
    samples = load_audio(ASSETS / "sample_speech.flac")
    return log_mel(MelStream().push((samples * 0.1 / np.sqrt(np.mean(samples**2))).astype(np.float32)))


def test_both_networks_hear_the_same_mouth(sample: np.ndarray) -> None:
    assert {key: value.shape for key, value in recording_weights().items()} == RECORDING_SHAPES
    delay = DELAYS[-1]
    live = NetworkStream().push(sample)[delay:, -1]
    network = RecordingNetwork()
    whole = np.concatenate([network.push(sample), network.finish()])[:-delay]
    for name in ("jaw", "close", "speech"):
        channel = CHANNELS.index(name)
        assert np.corrcoef(live[50:, channel], whole[50:, channel])[0, 1] > 0.7, name


def test_silence_leaves_the_mouth_at_rest() -> None:
    silence = log_mel(np.zeros((300, MELS), np.float32))
    assert NetworkStream().push(silence)[100:].max() < 0.25
    network = RecordingNetwork()
    assert np.concatenate([network.push(silence), network.finish()])[100:].max() < 0.25
