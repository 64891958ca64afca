"""From ARKit's 52 channels to FLAME's expression, jaw and eyes, and back, by geometry.

FLAME's expressions are principal components without names. What they mean is found by laying a FLAME head onto a
head with ARKit shapes: FLAME's identity is fitted to that head's skin, every vertex gets a partner there, and for each
ARKit shape those FLAME parameters are taken whose vertices move as their partners do (regularised least squares).
Jaw and eyes rotate for the shapes that mean them and for no other: ``jawOpen``, ``jawLeft``, ``jawRight`` and
``eyeLook…``; the jaw takes what a rotation can do, expressions the rest. The way back is least squares bounded to
0..1 on the same vertices.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.flame import EXPRESSION_NAMES, N_EXPRESSION, FlameExpression, FlameHead, Posable
from studio.core.heads.head import Head, HeadParams
from studio.core.heads.ict import EYE_RANGE, eye_rotation
from studio.core.heads.normals import vertex_normals
from studio.core.heads.registration import Match, Surface, register
from studio.core.jobs import Job, Stopwatch, share

JAW_SHAPES = ("jawOpen", "jawLeft", "jawRight")
LOOKS = tuple(name for name in ARKIT_NAMES if name.startswith("eyeLook"))

SHARE = 0.03
"""Part of a shape's displacement that one standard deviation of an expression must be worth. Partners lie a millimetre
off, so what they do differs the more the further they move: that must not call for expressions nobody makes."""

SPREAD = 0.00005
"""m of mean error that a channel at 1 must be worth on the way back; else channels would work against each other."""

_NECK = slice(N_EXPRESSION, N_EXPRESSION + 3)
_JAW = slice(N_EXPRESSION + 3, N_EXPRESSION + 6)
_EYES = slice(N_EXPRESSION + 6, N_EXPRESSION + 12)
_STEPS = 5  # of Gauss-Newton; the jaw turns by less than half a radian
_STEP = 1e-2  # of a finite difference: float32 vertices are good to 1e-8 m


@dataclass(frozen=True, eq=False)
class ArkitShapes:
    """The skin of a head with ARKit shapes: its surface, and what each channel at 1 does to it.

    `moved` is ``[52,P,3]`` m; ``mouthClose`` is what it adds to jawOpen = 1, as ARKit defines it.
    """

    surface: Surface
    moved: NDArray[np.float32]


class ArkitFlameMap:
    """ARKit codes and FLAME expressions of one FLAME head.

    Parameters
    ----------
    head
        The FLAME head.
    codes
        ``[52,112]``: the FLAME code of each ARKit channel at 1; see `fit_map`.
    vertices
        ``[N]`` FLAME vertices that are compared on the way back.
    """

    def __init__(self, head: FlameHead, codes: NDArray, vertices: NDArray) -> None:
        self.head, self.codes, self.vertices = head, np.asarray(codes, np.float32), np.asarray(vertices)
        self._part = head.part(self.vertices)
        rest = self._part.posed(np.zeros(len(EXPRESSION_NAMES)))
        open_code = self.codes[ARKIT_INDEX["jawOpen"]]
        opened = self._part.posed(open_code)
        response = []
        for name, code in zip(ARKIT_NAMES, self.codes, strict=True):
            closing = name == "mouthClose"
            moved = self._part.posed(code + open_code) - opened if closing else self._part.posed(code) - rest
            response.append(moved.ravel())
        self._response = np.stack(response, axis=1).astype(np.float64)  # [3N,52]

    def arkit_to_flame(self, code: NDArray) -> FlameExpression:
        """Return what an ARKit code ``[52]`` means on this head."""
        return FlameExpression.of(np.asarray(code, np.float32)[: len(ARKIT_NAMES)] @ self.codes)

    def flame_to_arkit(self, moved: FlameExpression) -> NDArray[np.float32]:
        """Return the ARKit code ``[52]``, each 0..1, that moves this head most like `moved`; the neck is left out.

        Gaze is read off the eyes; the other channels share what is left after the lids have followed it.
        """
        code = np.zeros(len(ARKIT_NAMES))
        for eye, side, outwards in zip(moved.eyes, ("Left", "Right"), (1, -1), strict=True):
            down, out = eye[0] / EYE_RANGE, outwards * eye[1] / EYE_RANGE
            for name, amount in (("Down", down), ("Up", -down), ("Out", out), ("In", -out)):
                code[ARKIT_INDEX[f"eyeLook{name}{side}"]] = np.clip(amount, 0, 1)
        target = self._face(moved.code())
        solved = [i for i, name in enumerate(ARKIT_NAMES) if name not in LOOKS]
        basis = self._response[:, solved]
        gram = basis.T @ basis + len(target) / 3 * SPREAD**2 * np.eye(len(solved))
        factor = np.linalg.cholesky(gram)
        for _ in range(_STEPS):
            # The jaw's rotation is not linear: each step solves for what the code so far has left over.
            left = target - self._face(code @ self.codes) + basis @ code[solved]
            code[solved] = lsq_linear(factor.T, np.linalg.solve(factor, basis.T @ left), (0, 1), method="bvls").x
        return np.clip(code, 0, 1).astype(np.float32)  # the solver's bounds are good to a rounding

    def _face(self, code: NDArray) -> NDArray[np.float64]:
        """Return where a FLAME code takes the compared vertices, ``[3N]`` m, with neck and eyes at rest."""
        still = np.array(code, np.float32)
        still[_NECK] = still[_EYES] = 0
        return self._part.posed(still).ravel().astype(np.float64)


def fit_map(head: FlameHead, shapes: ArkitShapes) -> Job[tuple[ArkitFlameMap, Match]]:
    """Find the FLAME code of each ARKit shape.

    Returns the map, and how the heads were laid onto each other.

    Raises
    ------
    UserError
        If the heads do not fit onto each other.
    """
    watch = Stopwatch()
    match = yield from share(register(head, shapes.surface), watch, 0.0, 0.6)
    part = head.part(match.vertices)
    # Displacements in this head's size and attitude.
    moved = shapes.moved[:, match.partners] @ (match.scale * match.rotation.T)
    nothing = np.zeros(len(EXPRESSION_NAMES))
    rest = part.posed(nothing)
    at_rest = _Expressions(part, nothing)
    codes = np.zeros((len(ARKIT_NAMES), len(EXPRESSION_NAMES)))
    for i, name in enumerate(ARKIT_NAMES):
        yield watch.progress(0.6 + 0.4 * i / len(ARKIT_NAMES), "fitting FLAME to the ARKit shapes")
        if name == "mouthClose":
            continue
        if name in JAW_SHAPES:
            turned = _jaw(part, rest + moved[i])
            codes[i] = turned + _Expressions(part, turned).fit(rest + moved[i], moved[i])
        else:
            codes[i] = at_rest.fit(rest + moved[i], moved[i])
        if name in LOOKS:
            unit = np.eye(len(ARKIT_NAMES))[i]
            codes[i, _EYES] = np.concatenate([eye_rotation(unit, side) for side in ("Left", "Right")])
    opening, closing = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]
    codes[closing] = _Expressions(part, codes[opening]).fit(rest + moved[opening] + moved[closing], moved[closing])
    return ArkitFlameMap(head, codes, match.vertices), match


def _jaw(part: Posable, target: NDArray) -> NDArray[np.float64]:
    """Return the code ``[112]`` whose jaw alone brings the vertices of `part` nearest to `target` ``[n,3]``."""
    code = np.zeros(len(EXPRESSION_NAMES))
    for _ in range(_STEPS):
        here = part.posed(code)
        jacobian = _columns(part, code, range(_JAW.start, _JAW.stop), here)
        code[_JAW] += np.linalg.lstsq(jacobian, (target - here).ravel(), rcond=None)[0]
    return code


class _Expressions:
    """What FLAME's expressions do at one pose, where they are linear: finds those that do what a target does."""

    def __init__(self, part: Posable, base: NDArray) -> None:
        self._here = part.posed(base)
        self._columns = _columns(part, base, range(N_EXPRESSION), self._here)
        self._gram = self._columns.T @ self._columns

    def fit(self, target: NDArray, moved: NDArray) -> NDArray[np.float64]:
        """Return the code ``[112]`` that, added to the base, brings the vertices nearest to `target` ``[n,3]``.

        `moved` ``[n,3]`` is what the shape moves in all; it says how large an error is.
        """
        prior = SHARE**2 * float((moved**2).sum()) + 1e-12
        code = np.zeros(len(EXPRESSION_NAMES))
        code[:N_EXPRESSION] = np.linalg.solve(
            self._gram + prior * np.eye(N_EXPRESSION), self._columns.T @ (target - self._here).ravel()
        )
        return code


def _columns(part: Posable, code: NDArray, free: range, here: NDArray) -> NDArray[np.float64]:
    """Return the derivative of the vertices to some of the code, ``[3n,K]``."""
    out = []
    for k in free:
        step = np.zeros(len(code))
        step[k] = _STEP
        out.append((part.posed(code + step) - here).ravel() / _STEP)
    return np.stack(out, axis=1).astype(np.float64)


def arkit_shapes(head: Head, skin: NDArray, landmarks: NDArray) -> ArkitShapes:
    """Measure the shapes of a head whose code begins with ARKit's 52 channels.

    Parameters
    ----------
    head
        In its mean or own identity.
    skin
        ``[P]`` its vertices on the outside: neither eyeballs nor teeth.
    landmarks
        ``[68]`` the standard landmarks, vertices among `skin`.
    """
    zero, own = np.zeros(3, np.float32), np.zeros(0, np.float32)

    def at(*names: str) -> NDArray[np.float32]:
        code = np.zeros(len(ARKIT_NAMES), np.float32)
        code[[ARKIT_INDEX[name] for name in names]] = 1
        return head.vertices(HeadParams(own, code, zero, zero))

    rest, opened = at(), at("jawOpen")
    moved = np.stack(
        [at("jawOpen", name) - opened if name == "mouthClose" else at(name) - rest for name in ARKIT_NAMES]
    )
    places = {int(vertex): place for place, vertex in enumerate(skin)}
    marks = np.array([places[int(vertex)] for vertex in landmarks])
    opening = np.linalg.norm(moved[ARKIT_INDEX["jawOpen"], skin], axis=1)
    surface = Surface(rest[skin], vertex_normals(rest, head.faces)[skin], opening / opening.max(), marks)
    return ArkitShapes(surface, moved[:, skin])
