"""`Dots`: a source of scenes that takes milliseconds, and can wait for files to appear or kill its own process."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.datasets.maker import Plan, Refused
from studio.core.gaussians.camera import Camera
from studio.core.training.scene import Scene

SIZE, VIEWS = 16, 2


def dots_scene(identity: str, take: int, seed: int) -> Scene:
    """Return coloured noise from two cameras."""
    rng = np.random.default_rng([seed, take, *identity.encode()])
    camera = Camera.frontal(SIZE, 48.0, 1.2)
    cameras = [camera.orbited(np.zeros(3), yaw, 0.0) for yaw in (0.0, 0.4)]
    alpha = rng.uniform(0, 1, (VIEWS, SIZE, SIZE, 1))
    rgba = np.concatenate([rng.uniform(0, 1, (VIEWS, SIZE, SIZE, 3)) * alpha, alpha], -1)
    return Scene(
        key=f"dots-{identity}-{take:03d}",
        identity=identity,
        source="rendered",
        ships=take % 2 == 0,
        rgba=np.round(rgba * 255).astype(np.uint8),
        plate=rng.integers(0, 256, (SIZE, SIZE, 3), np.uint8),
        depth=np.ones((VIEWS, SIZE, SIZE), np.float16),
        world_to_camera=np.stack([c.world_to_camera for c in cameras]).astype(np.float32),
        K=np.stack([c.K for c in cameras]).astype(np.float32),
        times=np.zeros(VIEWS),
        code=rng.uniform(0, 1, (VIEWS, 52)).astype(np.float32),
        head_pose=np.zeros((VIEWS, 6), np.float32),
        seed=seed,
    )


@dataclass(frozen=True)
class Dots:
    """See `studio.core.datasets.maker.Maker`.

    Attributes
    ----------
    dying
        Who makes the shard of this name kills its process the first time, once `witness` exists.
    witness
        A file that the maker of the shard `witnessed` writes when it is done.
    """

    people: int = 4
    takes: int = 3
    seed: int = 0
    none_of: tuple[str, ...] = ()
    dying: str = ""
    scratch: Path = Path()

    @property
    def settings(self) -> dict[str, Any]:
        return {"takes": self.takes, "seed": self.seed}

    def plans(self) -> list[Plan]:
        return [Plan(f"dots-p{k}", {"person": f"p{k}"}) for k in range(self.people)]

    def scenes(self, plan: Plan) -> Iterator[Scene | Refused]:
        person = plan.about["person"]
        if person in self.none_of:
            yield Refused("no face was found")
            return
        for take in range(self.takes):
            yield dots_scene(person, take, self.seed)
            if plan.name == self.dying:
                self._die_once()
        if self.scratch != Path():
            with (self.scratch / "made").open("a") as log:
                log.write(f"{plan.name} {os.getpid()}\n")

    def _die_once(self) -> None:
        died = self.scratch / "died"
        if died.exists():
            return
        # The other worker has finished something by then.
        until = time.monotonic() + 60
        while not (self.scratch / "made").exists() and time.monotonic() < until:
            time.sleep(0.01)
        died.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
