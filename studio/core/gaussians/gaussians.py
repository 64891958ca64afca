"""`Gaussians`: the only currency between reconstruction and rendering."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Gaussians:
    """A set of post-activation 3D Gaussians.

    The fields are numpy arrays or, all of them, torch tensors on one device: where the data lie decides
    what draws them (see `studio.core.render.rasterize.rasterize`). Only `on` makes tensors here; picking,
    joining and checking are for arrays.

    Attributes
    ----------
    means
        ``[N,3]`` m, in the space of the camera's ``world_to_camera``.
    quats
        ``[N,4]`` wxyz, unit length.
    scales
        ``[N,3]`` m, standard deviations along the rotated axes.
    opacities
        ``[N]`` 0..1.
    colors
        ``[N,C]``: C=3 RGB 0..1, or C features.
    seen
        ``[N]`` bool, True where the portrait showed the surface, False where it was guessed.
    """

    means: Floats
    quats: Floats
    scales: Floats
    opacities: Floats
    colors: Floats
    seen: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        n = len(self.means)
        shapes = {
            "means": (n, 3),
            "quats": (n, 4),
            "scales": (n, 3),
            "opacities": (n,),
            "colors": (n, self.colors.shape[-1]),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != shape:
                raise ValueError(f"{name} has shape {tuple(array.shape)}, expected {shape}")
            if array.dtype != np.float32 and str(array.dtype) != "torch.float32":
                raise ValueError(f"{name} is {array.dtype}, expected float32")
        if self.seen is not None and self.seen.shape != (n,):
            raise ValueError(f"seen has shape {self.seen.shape}, expected {(n,)}")

    def __len__(self) -> int:
        return len(self.means)

    @property
    def on_host(self) -> bool:
        """Whether the fields are numpy arrays."""
        return isinstance(self.means, np.ndarray)

    def on(self, device: str) -> "Gaussians":
        """Copy arrays into tensors on a torch device."""
        import torch

        def upload(array: Any) -> Any:
            return None if array is None else torch.tensor(array, device=device)

        return Gaussians(*(upload(getattr(self, f.name)) for f in fields(self)))

    def __getitem__(self, index: "slice | NDArray[np.bool_] | NDArray[np.integer]") -> "Gaussians":
        """Return the chosen Gaussians."""

        def pick(array: NDArray) -> NDArray:
            return np.ascontiguousarray(array[index])

        return Gaussians(
            pick(self.means),
            pick(self.quats),
            pick(self.scales),
            pick(self.opacities),
            pick(self.colors),
            None if self.seen is None else pick(self.seen),
        )

    @staticmethod
    def concatenate(parts: "list[Gaussians]") -> "Gaussians":
        """Join sets of equal C; `seen` survives only where every part has it."""

        def join(name: str) -> NDArray:
            return np.concatenate([getattr(p, name) for p in parts])

        seen = join("seen") if all(p.seen is not None for p in parts) else None
        return Gaussians(join("means"), join("quats"), join("scales"), join("opacities"), join("colors"), seen)

    def check_finite(self) -> None:
        """Raise ValueError if any value is NaN, infinite, or outside its range."""
        for f in fields(self):
            array = getattr(self, f.name)
            if array is not None and not np.isfinite(array).all():
                raise ValueError(f"{f.name} holds values that are not finite numbers")
        if len(self) and (self.opacities.min() < 0 or self.opacities.max() > 1):
            raise ValueError("opacities lie outside 0..1")
        if len(self) and self.scales.min() < 0:
            raise ValueError("scales are negative")
