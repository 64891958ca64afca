"""Stage 1 (section 3.1, equations 1 and 5): how the static generator is trained."""

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.optim import AdamW, Optimizer

from studio.core.engines.splat_portrait.distill import Distillation
from studio.core.engines.splat_portrait.model import Splats, StaticGenerator, relative, repeated
from studio.core.engines.splat_portrait.objectives import (
    PAPER_WEIGHTS,
    SMALL_WEIGHTS,
    Weights,
    drawn,
    static_losses,
)
from studio.core.engines.splat_portrait.pairs import Pairs, draw_pair
from studio.core.engines.splat_portrait.sizes import ModelSize, Variants, model_size
from studio.core.training.checkpoint import load_weights
from studio.core.training.perceptual import perceptual_loss
from studio.core.training.rendering import over
from studio.core.training.scene import Scene

# Section 3.4 for the paper; the small one learns faster at its size (prototype: 1.2e-3 for 3.7 M parameters).
_RATES = {"paper": (2.5e-5, 1e-5), "small": (1.2e-3, 1e-2), "tiny": (2e-3, 1e-2)}
_WARM_UP = 100  # steps
_LAST = 0.03  # of the rate is left at the end


@dataclass
class StaticRecipe:
    """See `studio.core.training.recipe.Recipe`.

    Attributes
    ----------
    targets
        Views drawn of each source: the network runs once for all of them. The paper takes one.
    weights
        Of the losses; None takes the configuration's.
    distillation
        The SDS term of equation 5, or None.
    init
        Weights of the whole stage to begin with, to go on learning from other data; None begins with random ones.
    """

    config: str = "small"
    variants: Variants = field(default_factory=Variants)
    targets: int = 1
    weights: Weights | None = None
    distillation: Distillation | None = None
    init: Path | None = None
    name: str = "splat_portrait"
    _perceptual: nn.Module | None = field(default=None, repr=False)

    @property
    def size(self) -> ModelSize:
        """Sizes of the networks."""
        return model_size(self.config, self.variants)

    def modules(self) -> nn.Module:
        """Make the static generator."""
        return self._begun(StaticGenerator(self.size))

    def _begun(self, modules: nn.Module) -> nn.Module:
        if self.init is not None:
            load_weights(self.init, modules)
        return modules

    def sample(self, scene: Scene, rng: np.random.Generator) -> dict[str, Tensor]:
        """Draw a pair, deaf: takes with and without sound are mixed; see `draw_pair`."""
        pair = draw_pair(scene, rng, self.targets, same_face=True)
        pair.pop("audio", None)
        return pair

    def losses(
        self, modules: nn.Module, batch: dict[str, Tensor], step: int, generator: Generator
    ) -> dict[str, Tensor]:
        """Compute equation 1, or the small configuration's."""
        pairs = Pairs.of(batch, generator)
        splats: Splats = modules(pairs.source, batch["source_pose"], batch["source_K"], batch["lifted"])
        weights = self._weights(step)
        out = static_losses(splats, repeated(splats, self.targets), batch, pairs, weights, self.perceptual())
        if self.distillation is not None:
            out["sds"] = self.distillation.loss(splats, batch, generator)
            out["total"] = out["total"] + self.distillation.weight * out["sds"]
        return out

    def perceptual(self) -> nn.Module | None:
        """Return LPIPS's place in equations 1 and 2: VGG-19 and VGG-Face where a user has them, else a stand-in."""
        if self._perceptual is None and self._weights(0).perceptual:
            self._perceptual = perceptual_loss("vgg19", "vggface")
        return self._perceptual

    def _weights(self, step: int) -> Weights:
        weights = self.weights or (PAPER_WEIGHTS if self.config == "paper" else SMALL_WEIGHTS)
        return weights if step % weights.source_every == 0 else replace(weights, source=0.0)

    def optimizer(self, modules: nn.Module) -> Optimizer:
        """Make AdamW, as section 3.4."""
        rate, decay = _RATES[self.config]
        betas = (0.9, 0.999) if self.config == "paper" else (0.9, 0.98)
        return AdamW([p for p in modules.parameters() if p.requires_grad], rate, betas=betas, weight_decay=decay)

    def rate(self, step: int, done: float) -> float:
        """Warm up, then a cosine; the paper's stays."""
        warm = min(1.0, (step + 1) / _WARM_UP)
        if self.config == "paper":
            return warm
        return warm * (_LAST + (1 - _LAST) * 0.5 * (1 + math.cos(math.pi * done)))

    def validate(self, modules: nn.Module, scenes: list[Scene]) -> dict[str, float]:
        """Measure novel views from view 0: PSNR of the whole picture, by the angle to it in tens of degrees."""
        found: dict[str, list[float]] = {}
        for scene in scenes:
            splats = splats_of(modules, scene)
            for view in range(len(scene)):
                angle = turned(scene, view)
                if angle is None:
                    continue
                wanted = scene.picture(view)
                for name, shown in (("psnr", render_view(splats, scene, view)), ("copy", scene.picture(0))):
                    error = float(np.square(np.clip(shown, 0, 1) - wanted).mean())
                    found.setdefault(f"{name}_{angle}", []).append(-10 * float(np.log10(error + 1e-10)))
        return {name: float(np.mean(values)) for name, values in sorted(found.items())}

    def sheet(self, modules: nn.Module, scenes: list[Scene]) -> NDArray[np.uint8]:
        """Draw, of each scene: source, three views as they are and as drawn, the depth, and the background."""
        rows = []
        for scene in scenes[:8]:
            splats = splats_of(modules, scene)
            views = np.unique(np.linspace(0, len(scene) - 1, 4).round().astype(int)).tolist()
            tiles = [scene.picture(0)]
            for view in views:
                tiles += [scene.picture(view), render_view(splats, scene, view)]
            nearest, farthest = splats.depth[0].min(), splats.depth[0].max()
            shade = ((farthest - splats.depth[0]) / (farthest - nearest + 1e-9)).cpu().numpy()
            tiles += [np.repeat(shade[..., None], 3, 2), splats.background[0].permute(1, 2, 0).cpu().numpy()]
            tiles += [np.zeros_like(tiles[0])] * (1 + 2 * 4 + 2 - len(tiles))
            rows.append(np.hstack([np.clip(tile, 0, 1) for tile in tiles]))
        return (np.vstack(rows) * 255 + 0.5).astype(np.uint8)


def splats_of(generator: nn.Module, scene: Scene, view: int = 0) -> Splats:
    """Return what the generator makes of one view of a scene, a batch of one."""
    picture = torch.from_numpy(scene.picture(view).transpose(2, 0, 1).copy())[None]
    pose, K = (torch.from_numpy(array[view : view + 1]) for array in (scene.world_to_camera, scene.K))
    lifted = torch.from_numpy(scene.depth[view : view + 1].astype(np.float32))
    device = next(generator.parameters()).device
    with torch.no_grad():
        return generator(*(each.to(device) for each in (picture, pose, K, lifted)))


def render_view(splats: Splats, scene: Scene, view: int, source: int = 0) -> NDArray[np.float32]:
    """Return the picture ``[H,W,3]`` of another view of a scene, over the predicted background."""
    poses, K = (torch.from_numpy(array[view : view + 1]) for array in (scene.world_to_camera, scene.K))
    pose = relative(poses, torch.from_numpy(scene.world_to_camera[source : source + 1]))
    color, alpha = drawn(splats, pose, K, scene.size)
    return over(color, alpha, splats.background)[0].permute(1, 2, 0).cpu().numpy()


def turned(scene: Scene, view: int) -> int | None:
    """Return by how many tens of degrees a view is turned against view 0; None beyond 44 degrees."""
    a, b = scene.world_to_camera[[0, view], :3, :3].astype(np.float64)
    angle = float(np.degrees(np.arccos(np.clip((np.trace(b @ a.T) - 1) / 2, -1, 1))))
    return None if angle > 44 else round(angle / 10) * 10
