"""The posing of `lift` heads in torch: the arithmetic of `posing` and `rig`, for many frames at once, on any device.

What depends on the frame is one row of some thousand numbers, made on the host and uploaded in one piece; everything
else lies on the device. Nothing on the way asks the device for a value, so a `Replay` can record it as a CUDA graph.
"""

from collections.abc import Callable
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studio.core.engines.lift.binding import Binding
from studio.core.engines.lift.correctives import COLOR, MEAN, Correctives
from studio.core.engines.lift.neck import FOLLOW_LEVELS, TURN_COLUMNS, head_turns
from studio.core.engines.lift.rig import Rig, jaw_open
from studio.core.engines.lift.surface import Surfels
from studio.core.heads.anatomy import smoothstep
from studio.core.heads.shapes import JAW_ANGLE
from studio.core.heads.template import SHAPE_NAMES, shape_weights
from studio.core.motion.motion import Motion

Posed: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
"""Means ``[B,N,3]``, quats ``[B,N,4]``, scales ``[B,N,3]``, opacities ``[B,N]`` and colours ``[B,N,3]``."""

_SHAPES = len(SHAPE_NAMES)
_TURNS = (FOLLOW_LEVELS + 1) * TURN_COLUMNS
_LEAST_WEIGHT = 1e-4  # as `Rig.displacements`


class Posing:
    """Poses one head.

    Parameters
    ----------
    rig, surfels, binding, follow
        See `studio.core.engines.lift.avatar.LiftAvatar`.
    revealed_by
        ``[N]`` the ARKit channel that fades a surfel in, or −1.
    revealed_at
        What that channel must reach for the surfel to be fully there.
    correctives
        What a personalised head adds to means and colours.
    device
        Of torch.
    """

    def __init__(
        self,
        rig: Rig,
        surfels: Surfels,
        binding: Binding,
        follow: NDArray[np.uint8],
        revealed_by: NDArray[np.int16],
        revealed_at: float,
        correctives: Correctives | None,
        device: str,
    ) -> None:
        def upload(array: NDArray, dtype: torch.dtype = torch.float32) -> Tensor:
            return torch.tensor(array, dtype=dtype, device=device)

        # The jaw's turn by an angle is linear in its cos − 1 and its sin: two shapes more.
        arm = (rig.vertices - rig.hinge) * rig.jaw_weights[:, None]
        none = np.zeros(len(arm), np.float32)
        closing = np.stack([none, arm[:, 1], arm[:, 2]], 1)
        turning = np.stack([none, -arm[:, 2], arm[:, 1]], 1)
        self._shapes = upload(np.concatenate([rig.deltas.astype(np.float32), closing[None], turning[None]]))
        # An unbound surfel takes nothing of vertex 0.
        bound = (binding.vertices[:, :1] >= 0).astype(np.float32)
        self._vertices = upload(np.maximum(binding.vertices, 0), torch.int64)
        weights = np.concatenate([binding.weights[:, None], binding.gradients], 1) * bound[..., None]
        self._weights = upload(weights)  # [N, mean and two tangents, 3 vertices]
        self._rest = upload(np.concatenate([surfels.means[:, None], surfels.tangents], 1))  # [N,3,3]
        self._thickness = upload(surfels.thickness)
        self._opacities = upload(surfels.opacities)
        self._colors = upload(surfels.colors)
        self._correctives = correctives
        self._numbers = 0 if correctives is None else correctives.table.shape[1]
        if correctives is not None:
            self._table = upload(correctives.table.transpose(1, 0, 2).reshape(self._numbers, -1))
        self._follow = upload(follow, torch.int64)
        self._channels = np.unique(revealed_by[revealed_by >= 0])
        self._revealed_at = revealed_at
        # Which of the shares of a code's end a surfel shows: 0 is "all of it".
        self._shown = upload(np.searchsorted(self._channels, revealed_by) + 1, torch.int64)
        self._shown[upload(revealed_by, torch.int64) < 0] = 0
        self.device = device

    def code(self, frame: Motion) -> NDArray[np.float32]:
        """Return all that depends on an ARKit frame: shape weights, the jaw, part turns, shares, correctives."""
        code = frame.code[0]
        weights = shape_weights(code)
        angle = np.float32(JAW_ANGLE * jaw_open(code))
        return np.concatenate(
            [
                np.where(abs(weights) > _LEAST_WEIGHT, weights, 0),
                [np.cos(angle) - 1, np.sin(angle)],
                head_turns(frame.head_pose[0]).ravel(),
                [1],
                smoothstep(0, self._revealed_at, code[self._channels]),
                [] if self._correctives is None else self._correctives.numbers(frame),
            ]
        ).astype(np.float32)

    def __call__(self, codes: Tensor) -> Posed:
        """Pose the frames of `codes` ``[B,L]``, rows of `code` on the device."""
        frames = len(codes)
        last = codes.shape[1] - self._numbers
        weights, turns, shares, numbers = codes.tensor_split((_SHAPES + 2, _SHAPES + 2 + _TURNS, last), 1)
        moved = (weights @ self._shapes.flatten(1)).view(frames, -1, 3)
        rows = self._rest
        for corner in range(3):
            displacement = moved[:, self._vertices[:, corner], None]  # [B,N,1,3]
            rows = torch.addcmul(rows, self._weights[:, :, corner, None], displacement)
        means, u, v = rows.unbind(2)
        colors = self._colors.expand(frames, -1, 3)
        if self._numbers:
            corrections = (numbers @ self._table).view(frames, -1, 6)
            means = means + corrections[..., MEAN]
            colors = (colors + corrections[..., COLOR]).clamp(0, 1)
        axes, lengths = _principal_axes(u, v)
        turn = turns.view(frames, -1, TURN_COLUMNS)[:, self._follow]  # [B,N,16]
        matrix, shift, quat = turn.split((9, 3, 4), 2)
        means = (matrix.unflatten(2, (3, 3)) * means[:, :, None]).sum(3) + shift
        scales = torch.cat([lengths, self._thickness[:, None].expand(frames, -1, 1)], 2)
        opacities = self._opacities * shares[:, self._shown]
        return means, _multiplied(quat, _quaternions(axes)), scales, opacities, colors


def _principal_axes(u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Return orthonormal axes a, b, n (columns, ``[...,3,3]``) and lengths ``[...,2]`` of the covariance uuᵀ + vvᵀ.

    See `studio.core.engines.lift.posing`.
    """
    e, f, g = (u * u).sum(-1), (u * v).sum(-1), (v * v).sum(-1)
    angle = 0.5 * torch.atan2(2 * f, e - g)
    c, s = angle.cos()[..., None], angle.sin()[..., None]
    pair = torch.stack([c * u + s * v, c * v - s * u], -1)
    lengths = pair.square().sum(-2).sqrt()
    a, b = (pair / lengths.clamp(min=1e-12)[..., None, :]).unbind(-1)
    normal = torch.stack(
        [
            a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
            a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
            a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0],
        ],
        -1,
    )
    return torch.stack([a, b, normal], -1), lengths


def _quaternions(axes: Tensor) -> Tensor:
    """Turn rotation matrices ``[...,3,3]`` into quaternions wxyz, each by its largest component."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = (row.unbind(-1) for row in axes.unbind(-2))
    # 4 q qᵀ, row by row: each is the quaternion times four times one component.
    rows = torch.stack(
        [
            torch.stack([1 + xx + yy + zz, zy - yz, xz - zx, yx - xy], -1),
            torch.stack([zy - yz, 1 + xx - yy - zz, yx + xy, xz + zx], -1),
            torch.stack([xz - zx, yx + xy, 1 - xx + yy - zz, zy + yz], -1),
            torch.stack([yx - xy, xz + zx, zy + yz, 1 - xx - yy + zz], -1),
        ],
        -2,
    )
    largest = rows.diagonal(dim1=-2, dim2=-1).argmax(-1)[..., None, None]
    quats = rows.take_along_dim(largest, -2).squeeze(-2)
    return quats / quats.square().sum(-1, keepdim=True).sqrt().clamp(min=1e-12)


def _multiplied(p: Tensor, q: Tensor) -> Tensor:
    """Return the quaternion products p q."""
    (w, x, y, z), (w1, x1, y1, z1) = p.unbind(-1), q.unbind(-1)
    return torch.stack(
        [
            w * w1 - x * x1 - y * y1 - z * z1,
            w * x1 + x * w1 + y * z1 - z * y1,
            w * y1 - x * z1 + y * w1 + z * x1,
            w * z1 + x * y1 - y * x1 + z * w1,
        ],
        -1,
    )


class Replay:
    """A function of one CUDA tensor recorded as a CUDA graph: one launch instead of one for each of its kernels.

    May be called from any thread, in one and the same stream (torch's default).

    Parameters
    ----------
    function
        Gives tensors, and neither asks the device for a value nor allocates by values.
    example
        An input; every later one has its shape.
    """

    def __init__(self, function: Callable[[Tensor], tuple[Tensor, ...]], example: Tensor) -> None:
        self._turn = Lock()
        self._input = example.clone()
        side: Any = torch.cuda.Stream(example.device)
        side.wait_stream(torch.cuda.current_stream(example.device))
        with torch.cuda.stream(side), torch.no_grad():
            for _ in range(3):  # libraries set themselves up in the first calls, which must not be recorded
                function(self._input)
        torch.cuda.current_stream(example.device).wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        # "thread_local": what other threads do meanwhile does not spoil the recording.
        with torch.no_grad(), torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._outputs = function(self._input)

    def __call__(self, values: Tensor) -> tuple[Tensor, ...]:
        """Return the function of `values`, which may lie on the host, in memory of its own."""
        with self._turn:
            self._input.copy_(values, non_blocking=True)
            self._graph.replay()
            return tuple(output.clone() for output in self._outputs)
