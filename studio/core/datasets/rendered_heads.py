"""Rendered heads: people who never were, whose every parameter is known exactly.

Each identity is the built-in head in a shape of its own, with skin, hair, eyes, teeth and clothes; each take has
light and a background of its own. `Scene.extra` holds the identity's landmarks: with `Scene.code` and
`Scene.head_pose`, `FullHead` gives every vertex of every view.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.datasets.acting import chosen_take, jittered, shots
from studio.core.datasets.augment import Bend, made_plate
from studio.core.datasets.complexion import Complexion
from studio.core.datasets.filming import Credits, film
from studio.core.datasets.hairstyles import Hairstyle
from studio.core.datasets.lighting import Light
from studio.core.datasets.maker import Plan, Refused
from studio.core.datasets.mesh_head import MeshHead
from studio.core.datasets.spoken import Spoken, told
from studio.core.heads.symmetry import mirrored_landmarks
from studio.core.heads.template import mean_landmarks
from studio.core.standard_crop import standard_camera
from studio.core.training.scene import Scene

# How much stronger than a lifted person's bend an identity is, how long its waves are, m, and how unlike its sides.
_STRENGTH, _LENGTHS, _UNEVEN = 2.2, (0.06, 0.30), 0.12
# Degrees by which the source looks from aside and from above, standard deviations.
_ASIDE, _ABOVE = 10.0, 5.0


@dataclass(frozen=True, eq=False)
class RenderedHeads:
    """See `studio.core.datasets.maker.Maker`.

    Attributes
    ----------
    identities
        How many people; they are numbered, and the same numbers are the same people for one seed.
    first
        Number of the first one.
    """

    identities: int = 100
    takes: int = 12
    views: int = 8
    size: int = 256
    seed: int = 0
    spoken: tuple[Spoken, ...] = ()
    first: int = 0

    @property
    def settings(self) -> dict[str, Any]:
        """What applies to the whole set."""
        return {"source": "rendered", "takes": self.takes, "views": self.views, "size": self.size, "seed": self.seed,
                "spoken": told(self.spoken)}  # fmt: skip

    def plans(self) -> list[Plan]:
        """Return a shard for each person."""
        numbers = range(self.first, self.first + self.identities)
        return [Plan(f"rendered-s{self.seed}-{number:05d}", {"number": number}) for number in numbers]

    def scenes(self, plan: Plan) -> Iterator[Scene | Refused]:
        """Render one person's takes."""
        for take in range(self.takes):
            yield self._scene(plan.about["number"], take)

    def _scene(self, number: int, take: int) -> Scene:
        rng = np.random.default_rng([self.seed, number, take + 1])
        kind, said = chosen_take(rng, self.spoken)
        head = person(self.seed, number).in_light(Light.drawn(rng))
        own = head.camera.orbited(head.pivot, *np.radians(rng.normal(0, [_ASIDE, _ABOVE])))
        source = jittered(standard_camera(own, self.size), head.pivot, rng)
        views = shots(kind, source, head.pivot, self.views, rng, said)
        identity = f"r{self.seed}-{number:05d}"
        credits = Credits(
            f"rendered-{identity}-{take:05d}", identity, "rendered", said is None or said.ships, self.seed
        )
        landmarks = {"landmarks": head.landmarks.astype(np.float32)}
        return film(head, views, made_plate(rng, self.size), credits, landmarks)


@lru_cache(maxsize=2)
def person(seed: int, number: int) -> MeshHead:
    """Return somebody; the same numbers are always the same person."""
    rng = np.random.default_rng([seed, number])
    return MeshHead(drawn_landmarks(rng), Complexion.drawn(rng), Hairstyle.drawn(rng), Light.drawn(rng), rng)


def drawn_landmarks(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw somebody's landmarks ``[478,3]`` m in head space: the mean face bent, almost the same on both sides."""
    mean = mean_landmarks()
    still = np.zeros((len(mean), 2, 3), np.float32)
    bend = Bend.drawn(rng, _STRENGTH, _LENGTHS)
    moved = bend.moved(mean.astype(np.float32), still)[0] - mean
    other = moved[mirrored_landmarks()] * [-1, 1, 1]
    return mean + moved + (0.5 - _UNEVEN / 2) * (other - moved)
