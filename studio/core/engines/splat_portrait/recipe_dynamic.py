"""Stage 2 (section 3.2, equations 2 and 6): how the dynamic decoder is trained beside the static one."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.optim import Optimizer

from studio.core.engines.splat_portrait.dynamic import REACH, SplatPortrait
from studio.core.engines.splat_portrait.model import Splats, half_width, repeated
from studio.core.engines.splat_portrait.objectives import motion_loss, parting_loss, static_losses
from studio.core.engines.splat_portrait.pairs import Pairs, draw_pair
from studio.core.engines.splat_portrait.recipe import StaticRecipe, render_view, splats_of
from studio.core.speech.hidden import WINDOW_AHEAD, WINDOW_STEPS, silence
from studio.core.training.checkpoint import load_weights
from studio.core.training.scene import Scene

# Where a mouth is in a standard crop, and how far it reaches, in sides.
_MOUTH, _MOUTH_REACH, _MOUTH_COUNTS = (0.5, 0.64), (0.11, 0.08), 50.0


@dataclass
class DynamicRecipe(StaticRecipe):
    """See `studio.core.training.recipe.Recipe`.

    Attributes
    ----------
    static
        Weights of stage 1 to begin with; None begins with random ones (the paper's "w/o pre-training").
    frozen
        Ours: the static generator stays as it is, which makes a step several times as quick. The paper learns on.
    hidden
        Ours: beside a frozen generator, what it draws of the hidden layer learns on; behind lips that part is no face.
    mouth
        Ours: what lies where a standard crop has its mouth counts more.
    time_delta, static_offset
        Off for the paper's "w/o time delta" and "w/o static offset".
    """

    static: Path | None = None
    frozen: bool = False
    hidden: bool = False
    mouth: bool = False
    time_delta: bool = True
    static_offset: bool = True
    name: str = "splat_portrait-dynamic"

    def modules(self) -> nn.Module:
        """Make both networks, the static one as stage 1 left it."""
        model = SplatPortrait(self.size)
        if self.static is not None:
            load_weights(self.static, model.static)
        self._begun(model)
        model.static.offsets = self.static_offset
        model.static.requires_grad_(not self.frozen)
        if self.hidden:
            model.static.unet.last.requires_grad_(True)
        return model

    def optimizer(self, modules: nn.Module) -> Optimizer:
        """Make AdamW; a frozen generator's last layer does not decay, for most of it is to stay."""
        optimizer = super().optimizer(modules)
        if self.frozen and self.hidden:
            assert isinstance(modules, SplatPortrait)
            kept = set(modules.static.parameters())
            (group,) = optimizer.param_groups
            ours = [p for p in group["params"] if p in kept]
            group["params"] = [p for p in group["params"] if p not in kept]
            optimizer.add_param_group({"params": ours, "weight_decay": 0.0})
        return optimizer

    def sample(self, scene: Scene, rng: np.random.Generator) -> dict[str, Tensor]:
        """Draw a pair of nearly one pose, so that what differs is what is said; without sound, one of one face.

        Half of the windows end early and hold their newest step, as those of a live microphone do.
        """
        pair = draw_pair(scene, rng, self.targets, same_face=scene.audio is None, same_pose=scene.audio is not None)
        if scene.audio is None:
            # Nobody speaks: then nothing moves.
            pair["audio"] = torch.from_numpy(silence().copy()).expand(self.targets, WINDOW_STEPS, -1).clone()
        elif rng.random() < 0.5:
            newest = WINDOW_STEPS - 1 - int(rng.integers(1, WINDOW_AHEAD + 1))
            pair["audio"][:, newest + 1 :] = pair["audio"][:, newest : newest + 1]
        return pair

    def losses(
        self, modules: nn.Module, batch: dict[str, Tensor], step: int, generator: Generator
    ) -> dict[str, Tensor]:
        """Compute equation 2, and equation 6 where a denoiser is given."""
        assert isinstance(modules, SplatPortrait)
        pairs = Pairs.of(batch, generator)
        side = pairs.source.shape[-1]
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            told = batch["source_pose"], batch["source_K"], batch["lifted"]
            maps, features = modules.static.raw(pairs.source, *told)
        if self.frozen and self.hidden:
            maps = modules.static.hidden_again(maps, features[-1])
        splats = replace(modules.static.decoded(maps, pairs.source, *told), features=tuple(features))
        if self.frozen:
            # Leaves that want a gradient: torch 2.13's group norm over channels last crashes on input that wants none.
            splats = replace(splats, features=tuple(f.detach().requires_grad_() for f in splats.features))
        unit = half_width(batch["source_pose"], batch["source_K"], side)
        lag = batch["lag"] if self.time_delta else torch.zeros_like(batch["lag"])
        moved = modules.at(splats, batch["audio"], lag, unit)
        weights = self._weights(step)
        if self.frozen:  # what nothing learns from need not be computed
            weights = replace(weights, source=0.0, depth=0.0, plate=0.0, lean=0.0)
        focus = mouth_window(side).to(pairs.source) if self.mouth else None
        out = static_losses(splats, moved, batch, pairs, weights, self.perceptual(), focus)
        if weights.motion:
            still, wanted = repeated(splats, self.targets), batch["mouth_motion"].flatten(0, 1)
            out["motion"] = motion_loss(still, moved, wanted, REACH * unit.repeat_interleave(self.targets, 0))
            out["total"] = out["total"] + weights.motion * out["motion"]
        if weights.parting and self.size.parting:
            parts = modules.dynamic.parts(splats.features)[:, :1].expand(-1, self.targets, -1, -1)
            out["parting"] = parting_loss(parts, batch["mouth_motion"])
            out["total"] = out["total"] + weights.parting * out["parting"]
        if self.distillation is not None and not self.frozen:
            out["sds"] = self.distillation.loss(splats, batch, generator)
            out["total"] = out["total"] + self.distillation.weight * out["sds"]
        return out

    def validate(self, modules: nn.Module, scenes: list[Scene]) -> dict[str, float]:
        """Measure the mouth of other moments, PSNR: moved by their sound, moved by other sound, and left still."""
        assert isinstance(modules, SplatPortrait)
        found: dict[str, list[float]] = {"mouth_moved": [], "mouth_other_sound": [], "mouth_still": []}
        for scene in scenes:
            if scene.audio is None:
                continue
            window = mouth_window(scene.size)[0, 0].numpy()[..., None]
            splats = splats_of(modules.static, scene)
            for view in range(1, len(scene)):
                moved, other = (spoken(modules, splats, scene, view, heard, self.time_delta) for heard in (view, 0))
                for name, each in zip(found, (moved, other, splats), strict=True):
                    shown = np.clip(render_view(each, scene, view), 0, 1)
                    error = np.square(shown - scene.picture(view)) * window
                    found[name].append(-10 * float(np.log10(error.sum() / (3 * window.sum()) + 1e-10)))
        return {name: float(np.mean(values)) for name, values in found.items() if values}

    def sheet(self, modules: nn.Module, scenes: list[Scene]) -> np.ndarray:
        """Draw, of each scene: the source, then four moments as they are, still, and moved by their sound."""
        assert isinstance(modules, SplatPortrait)
        rows = []
        for scene in [s for s in scenes if s.audio is not None][:8]:
            splats = splats_of(modules.static, scene)
            tiles = [scene.picture(0)]
            for view in np.unique(np.linspace(1, len(scene) - 1, 4).round().astype(int)).tolist():
                moved = spoken(modules, splats, scene, view, time_delta=self.time_delta)
                tiles += [scene.picture(view), *(render_view(each, scene, view) for each in (splats, moved))]
            tiles += [np.zeros_like(tiles[0])] * (13 - len(tiles))
            rows.append(np.hstack([np.clip(tile, 0, 1) for tile in tiles]))
        return (np.vstack(rows) * 255 + 0.5).astype(np.uint8)


def spoken(
    model: SplatPortrait, splats: Splats, scene: Scene, view: int, heard: int | None = None, time_delta: bool = True
) -> Splats:
    """Return the splats of a scene's source at the moment of a view, moved by its sound or that of the view `heard`.

    Raises
    ------
    ValueError
        If nothing is heard in the scene.
    """
    if scene.audio is None:
        raise ValueError(f"the scene '{scene.key}' is silent")
    sound = scene.audio[view if heard is None else heard].astype(np.float32)
    lag = torch.tensor([[scene.times[view] - scene.times[0] if time_delta else 0.0]], dtype=torch.float32)
    pose, K = (torch.from_numpy(array[:1]) for array in (scene.world_to_camera, scene.K))
    with torch.no_grad():
        return model.at(splats, torch.from_numpy(sound)[None, None], lag, half_width(pose, K, scene.size))


def mouth_window(side: int) -> Tensor:
    """Return how much each pixel of a standard crop counts ``[1,1,H,W]``: 1, and more about the mouth."""
    where = (torch.arange(side) + 0.5) / side
    across = torch.exp(-0.5 * ((where - _MOUTH[0]) / _MOUTH_REACH[0]) ** 2)
    down = torch.exp(-0.5 * ((where - _MOUTH[1]) / _MOUTH_REACH[1]) ** 2)
    return (1 + _MOUTH_COUNTS * down[:, None] * across[None, :])[None, None]
