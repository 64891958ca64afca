"""Alpha and foreground colours by the matting equation I = αF + (1 − α)B; the only module that knows PyMatting.

PyMatting compiles every method it has while it is imported, 40 s of a processor the first time. So its packages are
made without running what they import, and the three modules needed are loaded alone: 8 s, once, cached by numba.
"""

import importlib
import sys
from functools import cache
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, vstack
from scipy.sparse.linalg import LinearOperator, cg

from studio.core.render.numba_runtime import kernel_threads

# Of the least-squares fit of colour lines; larger is smoother (Levin et al. 2008, eq. 10).
_EPSILON = 1e-5
# Conjugate gradients: an 8-bit matte needs no more. So preconditioned, it takes one to three steps.
_TOLERANCE = 1e-5
_MOST_STEPS = 300
# Rows of the picture whose part of the Laplacian is made at once.
_STRIP = 128


def solve_alpha(
    rgb: NDArray[np.float32], guess: NDArray[np.float32], known: NDArray[np.bool_], weight: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the closed-form matte ``[H,W]`` of a picture ``[H,W,3]`` (Levin, Lischinski, Weiss 2008).

    Where `known` ``[H,W]``, alpha is `guess` ``[H,W]``; elsewhere it follows the picture's colour lines and is drawn
    to the guess with `weight` ``[H,W]`` (as in robust matting, Wang and Cohen 2007), of the order of 1e-3 to 1.
    """
    unknown = ~known.ravel()
    if not unknown.any():
        return guess
    pull = weight.ravel()[unknown].astype(np.float64)
    rows = _laplacian_rows(rgb.astype(np.float64), known)
    start = guess.ravel().astype(np.float64)
    system = (rows[:, unknown] + diags(pull)).tocsc()
    wanted = pull * start[unknown] - rows[:, ~unknown] @ start[~unknown]
    # Without a bound it would reserve 4 GB; portraits fill in to at most two and a half times the matrix.
    factor = _module("preconditioner", "ichol").ichol(system, max_nnz=6 * system.nnz)
    before: Any = LinearOperator(system.shape, factor, dtype=np.float64)  # pyright: ignore[reportCallIssue]
    solved, _ = cg(system, wanted, start[unknown], rtol=_TOLERANCE, maxiter=_MOST_STEPS, M=before)
    start[unknown] = np.clip(solved, 0, 1)
    return start.reshape(guess.shape).astype(np.float32)


def _laplacian_rows(rgb: NDArray[np.float64], known: NDArray[np.bool_]) -> csr_matrix:
    """Return the matting Laplacian's rows ``[U,HW]`` of the pixels not known.

    They are made strip by strip, for every pixel of a strip takes 400 bytes at first.
    """
    height, width = known.shape
    laplacian = _module("laplacian", "cf_laplacian").cf_laplacian
    strips = []
    for top in range(0, height, _STRIP):
        bottom = min(top + _STRIP, height)
        # A pixel shares windows with those up to two away.
        first, last = max(0, top - 2), min(height, bottom + 2)
        if known[top:bottom].all():
            continue
        wanted = np.zeros((last - first, width), bool)
        wanted[top - first : bottom - first] = ~known[top:bottom]
        rows = laplacian(rgb[first:last], epsilon=_EPSILON, is_known=known[first:last])[wanted.ravel()]
        rows.eliminate_zeros()
        strips.append(csr_matrix((rows.data, rows.indices + first * width, rows.indptr), (rows.shape[0], known.size)))
    return csr_matrix(vstack(strips))


def solve_foreground(rgb: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the foreground's colours ``[H,W,3]`` of a picture ``[H,W,3]`` under a matte ``[H,W]``.

    Multi-level estimation, Germer et al. 2020.
    """
    estimate = _module("foreground", "estimate_foreground_ml").estimate_foreground_ml
    with kernel_threads():  # two of its kernels are parallel
        return np.asarray(estimate(rgb, alpha), np.float32)


@cache
def _module(package: str, name: str) -> ModuleType:
    """Import one of PyMatting's modules without its neighbours."""
    for parent in ("pymatting", f"pymatting.{package}"):
        if parent not in sys.modules:
            spec = find_spec(parent)
            assert spec is not None
            sys.modules[parent] = module_from_spec(spec)
    return importlib.import_module(f"pymatting.{package}.{name}")
