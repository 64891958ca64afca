"""How the small denoiser is trained that score distillation asks (section 3.3; the paper takes EDM's weights)."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.optim import AdamW, Optimizer

from studio.core.engines.splat_portrait.distill import Distillation, aligned
from studio.core.nets.denoiser import EDM_FFHQ, SMALL_DENOISER, Denoiser, denoised, denoising_loss, noise_levels
from studio.core.nets.unet import UNetSize
from studio.core.training.scene import Scene

_SIZES = {"paper": EDM_FFHQ, "small": SMALL_DENOISER, "tiny": UNetSize(16, 8, (1, 2), blocks=1, film=False)}
_RATE, _WARM_UP = 1e-3, 100


@dataclass
class DenoiserRecipe:
    """See `studio.core.training.recipe.Recipe`."""

    config: str = "small"
    name: str = "splat_portrait-denoiser"

    def modules(self) -> nn.Module:
        """Make the denoiser."""
        return Denoiser(_SIZES[self.config])

    def sample(self, scene: Scene, rng: np.random.Generator) -> dict[str, Tensor]:
        """Take any view, mirrored or not, framed as distillation frames what it shows the denoiser."""
        picture = scene.picture(int(rng.integers(len(scene)))).transpose(2, 0, 1)
        picture = picture[..., ::-1] if rng.random() < 0.5 else picture
        whole = torch.from_numpy(picture.copy())[None]
        return {"picture": aligned(whole, Distillation.window, _SIZES[self.config].resolution)[0] * 2 - 1}

    def losses(
        self, modules: nn.Module, batch: dict[str, Tensor], step: int, generator: Generator
    ) -> dict[str, Tensor]:
        """Compute EDM's loss."""
        assert isinstance(modules, Denoiser)
        return {"total": denoising_loss(modules, batch["picture"], generator)}

    def optimizer(self, modules: nn.Module) -> Optimizer:
        """Make AdamW."""
        return AdamW(modules.parameters(), _RATE, weight_decay=0.0)

    def rate(self, step: int, done: float) -> float:
        """Warm up, then stay."""
        return min(1.0, (step + 1) / _WARM_UP)

    def validate(self, modules: nn.Module, scenes: list[Scene]) -> dict[str, float]:
        """Measure the error left at three noises."""
        assert isinstance(modules, Denoiser)
        pictures = self._pictures(scenes)
        generator, found = torch.Generator().manual_seed(0), {}
        for sigma in (0.1, 0.5, 2.0):
            noisy = pictures + sigma * torch.randn(pictures.shape, generator=generator)
            with torch.no_grad():
                off = modules(noisy, torch.full((len(pictures),), sigma)) - pictures
            found[f"error_{sigma:g}"] = float(off.square().mean().sqrt())
        return found

    def sheet(self, modules: nn.Module, scenes: list[Scene]) -> NDArray[np.uint8]:
        """Draw pictures, and what becomes of them by way of the noise that distillation begins with."""
        assert isinstance(modules, Denoiser)
        pictures = self._pictures(scenes[:8])
        levels = noise_levels(18)[12:]
        again = denoised(modules, pictures, levels, torch.Generator().manual_seed(0))
        both = torch.cat([pictures, again], 2).clamp(-1, 1)
        return ((both.permute(2, 0, 3, 1).flatten(1, 2) + 1) * 127.5 + 0.5).byte().numpy()

    def _pictures(self, scenes: list[Scene]) -> Tensor:
        return torch.stack([self.sample(scene, np.random.default_rng(0))["picture"] for scene in scenes])
