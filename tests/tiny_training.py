"""A recipe of a thousand parameters and shards of pictures of 16 px, to run the loop on."""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.optim import AdamW, Optimizer

from studio.core.gaussians.camera import Camera
from studio.core.training.metrics import psnr
from studio.core.training.recipe import Settings
from studio.core.training.rendering import over, splat
from studio.core.training.scene import Scene
from studio.core.training.shards import is_held_out

SIZE, SIDE = 16, 6

TINY = Settings(steps=8, batch=4, every=4, validation=3, device="cpu")


class TinyNet(nn.Module):
    """A picture to the colours of a grid of Gaussians; where they are is learnt for all alike."""

    def __init__(self) -> None:
        super().__init__()
        self.colors = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.SiLU(),
            nn.Dropout(0.1),
            nn.AdaptiveAvgPool2d(SIDE),
            nn.Conv2d(8, 3, 1),
        )
        grid = torch.linspace(-0.13, 0.13, SIDE)
        x, y = torch.meshgrid(grid, grid, indexing="xy")
        self.means = nn.Parameter(torch.stack([x, y, 0 * x], -1).reshape(-1, 3))
        self.seen: Tensor
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, picture: Tensor, world_to_camera: Tensor, K: Tensor) -> tuple[Tensor, Tensor]:
        batch = len(picture)
        colors = self.colors(picture).flatten(2).transpose(1, 2).sigmoid()
        count = SIDE * SIDE
        quats = torch.tensor([1.0, 0, 0, 0]).expand(batch, count, 4)
        scales, opacities = torch.full((batch, count, 3), 0.02), torch.full((batch, count), 0.7)
        means = self.means.expand(batch, -1, -1)
        color, alpha, _ = splat(means, quats, scales, opacities, colors, world_to_camera, K, (SIZE, SIZE))
        return color, alpha


@dataclass
class TinyRecipe:
    """Learns to show view 0 from another camera."""

    name: str = "tiny"
    config: str = "small"
    dropout: bool = True

    def modules(self) -> TinyNet:
        net = TinyNet()
        if not self.dropout:
            net.colors[2] = nn.Identity()
        return net

    def sample(self, scene: Scene, rng: np.random.Generator) -> dict[str, Tensor]:
        view = int(rng.integers(1, len(scene)))
        return {
            "source": torch.from_numpy(scene.picture(0)).permute(2, 0, 1),
            "target": torch.from_numpy(scene.picture(view)),
            "plate": torch.from_numpy(scene.plate / np.float32(255)),
            "world_to_camera": torch.from_numpy(scene.world_to_camera[view]),
            "K": torch.from_numpy(scene.K[view]),
        }

    def losses(
        self, modules: nn.Module, batch: dict[str, Tensor], step: int, generator: Generator
    ) -> dict[str, Tensor]:
        assert isinstance(modules, TinyNet)
        if modules.training:
            modules.seen += 1
        picture = self._drawn(modules, batch)
        near = modules.means.square().mean()
        l1 = (picture - batch["target"]).abs().mean()
        return {"total": l1 + 0.1 * near, "l1": l1, "near": near}

    def optimizer(self, modules: nn.Module) -> Optimizer:
        return AdamW(modules.parameters(), lr=0.01)

    def rate(self, step: int, done: float) -> float:
        return min(1.0, (step + 1) / 3) * (1 - 0.9 * done)

    def validate(self, modules: nn.Module, scenes: list[Scene]) -> dict[str, float]:
        return {"psnr": float(np.mean([psnr(self._shown(modules, s), s.picture(1)) for s in scenes]))}

    def sheet(self, modules: nn.Module, scenes: list[Scene]) -> NDArray[np.uint8]:
        rows = [np.hstack([s.picture(0), s.picture(1), self._shown(modules, s)]) for s in scenes]
        return np.round(np.clip(np.vstack(rows), 0, 1) * 255).astype(np.uint8)

    def _shown(self, modules: nn.Module, scene: Scene) -> NDArray[np.float32]:
        one = {name: tensor[None] for name, tensor in self.sample(scene, np.random.default_rng(0)).items()}
        return self._drawn(modules, one)[0].numpy()

    def _drawn(self, modules: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        color, alpha = modules(batch["source"], batch["world_to_camera"], batch["K"])
        return over(color, alpha, batch["plate"])


def tiny_recipe(config: str, options: Mapping[str, str]) -> TinyRecipe:
    """Make the recipe as the registry does; the one option is ``dropout=no``."""
    return TinyRecipe(config=config, dropout=options.get("dropout") != "no")


def tiny_scene(number: int, identity: str, *, ships: bool = True) -> Scene:
    """Return three views of a coloured disc."""
    rng = np.random.default_rng(number)
    camera = Camera.frontal(SIZE, 40.0, 1.5)
    cameras = [camera.orbited(np.zeros(3), yaw, 0.0) for yaw in (0.0, 0.3, -0.3)]
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE / 2 + 0.5
    alpha = (np.hypot(x, y) < 5).astype(np.float64)[..., None]
    rgba = np.concatenate([rng.uniform(0.2, 1, 3) * alpha, alpha], -1)
    return Scene(
        key=f"{number:06d}",
        identity=identity,
        source="lifted",
        ships=ships,
        rgba=np.round(np.stack([rgba] * 3) * 255).astype(np.uint8),
        plate=np.full((SIZE, SIZE, 3), rng.integers(0, 100), np.uint8),
        depth=np.zeros((3, SIZE, SIZE), np.float16),
        world_to_camera=np.stack([c.world_to_camera for c in cameras]).astype(np.float32),
        K=np.stack([c.K for c in cameras]).astype(np.float32),
        times=np.zeros(3),
        code=np.zeros((3, 52), np.float32),
        head_pose=np.zeros((3, 6), np.float32),
        seed=number,
    )


def write_shard(path: Path, scenes: list[Scene]) -> None:
    """Write scenes as a shard."""
    with tarfile.open(path, "w") as tar:
        for scene in scenes:
            for suffix, data in scene.members().items():
                member = tarfile.TarInfo(f"{scene.key}.{suffix}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))


def write_tiny_set(folder: Path, scenes: int = 14, shards: int = 3) -> Path:
    """Write scenes of some people to learn from and of two to validate on."""
    names = [f"p{k}" for k in range(200)]
    learnt = [name for name in names if not is_held_out(name)][: scenes // 2]
    people = learnt + [name for name in names if is_held_out(name)][:2]
    folder.mkdir(parents=True, exist_ok=True)
    made = [tiny_scene(k, people[k % len(people)], ships=k % 5 != 0) for k in range(scenes)]
    for k in range(shards):
        write_shard(folder / f"{k:03d}.tar", made[k::shards])
    return folder
