import numpy as np
import torch

from studio.core.engines.splat_portrait.dynamic import decided
from studio.core.engines.splat_portrait.parted import curtain, in_the_way, lower_lip
from studio.core.gaussians.gaussians import Gaussians

TO_CAMERA = np.diag([1.0, -1.0, -1.0])  # a frontal picture: its y points down, its z into it
PIXEL = 0.003


def edge(count: int = 5) -> Gaussians:
    """Gaussians side by side, a pixel apart, as a lower lip's edge."""
    means = np.zeros((count, 3), np.float32)
    means[:, 0] = PIXEL * np.arange(count)
    return Gaussians(
        means, np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)), np.full((count, 3), PIXEL, np.float32),
        np.ones(count, np.float32), np.full((count, 3), 0.8, np.float32), seen=np.ones(count, bool),
    )  # fmt: skip


def test_what_hangs_between_lips_goes_with_one_of_them() -> None:
    shares = torch.tensor([0.0, 0.05, 0.2, 0.45, 0.7, 0.95, 1.0, 1.0])[None, None, :, None]
    torch.testing.assert_close(
        decided(shares, 2)[0, 0, :, 0], torch.tensor([0.0, 0.05, 0.0, 0.0, 0.95, 1.0, 1.0, 1.0]), atol=0.06, rtol=0
    )
    cheek = torch.linspace(0, 1, 21)[None, None, :, None]  # what changes slowly stays
    torch.testing.assert_close(decided(cheek, 2), cheek)


def test_the_lower_lips_edge_lies_right_below_the_line() -> None:
    parts = torch.zeros(16, 16)
    parts[9:, 4:10] = 1.0
    rows, columns = lower_lip(parts).T
    np.testing.assert_array_equal(columns, np.arange(4, 10))
    assert set(rows) <= {9, 10}
    assert len(lower_lip(torch.linspace(0, 1, 16)[:, None].expand(16, 16))) == 0


def test_the_dark_hangs_behind_the_upper_lip_on_the_lower_one() -> None:
    lips = edge()
    dark, on = curtain(lips, TO_CAMERA, PIXEL)
    assert dark.colors.max() < 0.5 * lips.colors.min()
    assert (dark.means[:, 2] < 0).all()  # behind
    assert (dark.means[:, 1] >= 0).all()  # and up from the edge
    np.testing.assert_allclose(dark.means[:, 0], lips.means[on, 0])
    assert not np.asarray(dark.seen).any()
    none, nowhere = curtain(edge(0), TO_CAMERA, PIXEL)
    assert len(none) == len(nowhere) == 0


def test_only_what_hides_the_mouths_dark_is_in_the_way() -> None:
    lips = edge()
    where = np.array([[0.006, 0.001, -0.01], [0.006, 0.03, -0.01], [0.1, 0.001, -0.01]])
    np.testing.assert_array_equal(in_the_way(where, lips.means, TO_CAMERA, PIXEL), [True, False, False])
    assert not in_the_way(where, lips.means[:0], TO_CAMERA, PIXEL).any()
