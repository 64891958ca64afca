"""The skin of a stored head and what ARKit's 52 channels do to it, whichever kind of head it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.arkit_flame import ArkitFlameMap, arkit_shapes
from studio.core.heads.flame import EXPRESSION_NAMES
from studio.core.heads.ict import IctHead


@dataclass(frozen=True, eq=False)
class ArkitSkin:
    """The outside of a head: neither eyeballs, teeth nor mouth.

    Attributes
    ----------
    points
        ``[P,3]`` float32 m in head space, of the mean identity.
    faces
        ``[F,3]`` int32 among `points`, counter-clockwise from outside.
    landmarks
        ``[68]`` the standard landmarks among `points`.
    moved
        ``[52,P,3]`` float32 m: what each channel at 1 adds; ``mouthClose`` adds it to jawOpen = 1.
    """

    points: NDArray[np.float32]
    faces: NDArray[np.int32]
    landmarks: NDArray[np.int64]
    moved: NDArray[np.float32]


def ict_skin(head: IctHead) -> ArkitSkin:
    """Return the skin of an ICT head, which has ARKit's shapes itself."""
    chosen = head.skin_vertices
    shapes = arkit_shapes(head, chosen, head.landmark_vertices)
    surface = shapes.surface
    return ArkitSkin(surface.points, _faces_among(head.faces, chosen), surface.landmarks, shapes.moved)


def flame_skin(mapped: ArkitFlameMap) -> ArkitSkin:
    """Return the skin of a FLAME head, moved by the FLAME codes that stand for ARKit's channels."""
    head = mapped.head
    chosen = np.flatnonzero(head.model.weights[:, 3:].sum(1) < 0.5)  # eyeballs hang on the eyes' joints
    part = head.part(chosen)
    rest = part.posed(np.zeros(len(EXPRESSION_NAMES)))
    open_code = mapped.codes[ARKIT_INDEX["jawOpen"]]
    opened = part.posed(open_code)
    moved = [
        part.posed(open_code + code) - opened if name == "mouthClose" else part.posed(code) - rest
        for name, code in zip(ARKIT_NAMES, mapped.codes, strict=True)
    ]
    places = np.searchsorted(chosen, head.landmark_vertices)
    return ArkitSkin(rest, _faces_among(head.faces, chosen), places, np.stack(moved))


def _faces_among(faces: NDArray[np.int32], vertices: NDArray) -> NDArray[np.int32]:
    """Return the faces whose corners are all among `vertices` (sorted), counted in them."""
    places = np.full(int(faces.max()) + 1, -1, np.int32)
    places[vertices[vertices < len(places)]] = np.arange(len(vertices))[vertices < len(places)]
    among = places[faces]
    return among[(among >= 0).all(1)]
