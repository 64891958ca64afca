"""Light on Gaussians: Lambert's for skin, with highlights, and that of strands for hair.

The kernels run over Gaussians one after another; a view has a hundred thousand of them.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from studio.core.render.numba_runtime import SAFE_KERNEL

_GLOSS, _SHEEN = 32, 24  # exponents of highlights
_HAIR_SHINE = 0.12


@dataclass(frozen=True)
class Light:
    """Light from everywhere, and from two sides.

    Attributes
    ----------
    ambient
        ``[3]``.
    directions
        ``[2,3]`` unit vectors towards the lamps, in the torso's space.
    colors
        ``[2,3]``.
    """

    ambient: NDArray[np.float32]
    directions: NDArray[np.float32]
    colors: NDArray[np.float32]

    @staticmethod
    def drawn(rng: np.random.Generator) -> "Light":
        """Draw one; what faces the camera comes out about as bright as it is coloured."""
        ambient = rng.uniform(0.35, 0.75)
        tint = np.exp(rng.normal(0, 0.03, (3, 3)))
        directions = rng.normal(size=(2, 3)) * [1, 0.7, 0.4] + [[0, 0.4, 0.8], [0, 0, 0.1]]
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        facing = np.maximum(directions[:, 2], 0.15)
        strength = (1.08 - ambient) * np.array([0.75, 0.25]) / facing
        colors = np.minimum(strength, 1.1)[:, None] * tint[1:]
        return Light((ambient * tint[0]).astype(np.float32), directions.astype(np.float32), colors.astype(np.float32))


@njit(**SAFE_KERNEL)
def fill_normals(vertices, faces, normals):
    """Fill the unit normals ``[V,3]`` of a mesh: `heads.normals.vertex_normals` in a tenth of its time."""
    normals[:] = 0
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ux, uy, uz = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
        vx, vy, vz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for vertex in (a, b, c):
            normals[vertex, 0] += x
            normals[vertex, 1] += y
            normals[vertex, 2] += z
    for v in range(len(normals)):
        x, y, z = normals[v]
        normals[v] /= max(np.sqrt(x * x + y * y + z * z), np.float32(1e-15))


@njit(**SAFE_KERNEL)
def lay_on_triangles(
    vertices, normals, faces, face, share, frame, albedo, shine, inside, eye, ambient, lamps, lamp_colors,
    means, tangents, colors,
):  # fmt: skip
    """Fill means ``[N,3]``, tangents ``[N,2,3]`` and lit colours ``[N,3]`` of Gaussians on posed triangles.

    Parameters
    ----------
    vertices, normals
        ``[V,3]``.
    faces, face
        ``[F,3]``, and which triangle each lies on ``[N]``.
    share, frame
        Where on it ``[N,3]``, and its tangents in the triangle's two edges ``[N,2,2]``.
    albedo, shine, inside
        ``[N,3]``, ``[N]``, and how much light reaches it ``[N]``.
    eye
        ``[3]``: the camera.
    ambient, lamps, lamp_colors
        Of the light.
    """
    normal, view = np.empty(3, np.float32), np.empty(3, np.float32)
    for n in range(len(face)):
        a, b, c = faces[face[n], 0], faces[face[n], 1], faces[face[n], 2]
        wa, wb, wc = share[n, 0], share[n, 1], share[n, 2]
        length, away = np.float32(1e-12), np.float32(1e-12)
        for k in range(3):
            pa, pb, pc = vertices[a, k], vertices[b, k], vertices[c, k]
            means[n, k] = wa * pa + wb * pb + wc * pc
            for t in range(2):
                tangents[n, t, k] = frame[n, t, 0] * (pb - pa) + frame[n, t, 1] * (pc - pa)
            normal[k] = wa * normals[a, k] + wb * normals[b, k] + wc * normals[c, k]
            view[k] = eye[k] - means[n, k]
            length += normal[k] * normal[k]
            away += view[k] * view[k]
        length, away = np.float32(1) / np.sqrt(length), np.float32(1) / np.sqrt(away)
        for k in range(3):
            colors[n, k] = albedo[n, k] * ambient[k]
        for lamp in range(len(lamps)):
            cosine, across, half = np.float32(0), np.float32(0), np.float32(1e-12)
            for k in range(3):
                h = lamps[lamp, k] + view[k] * away
                cosine += normal[k] * length * lamps[lamp, k]
                across += normal[k] * length * h
                half += h * h
            cosine = max(cosine, np.float32(0))
            gloss = shine[n] * (max(across, np.float32(0)) / np.sqrt(half)) ** _GLOSS
            for k in range(3):
                colors[n, k] += lamp_colors[lamp, k] * (albedo[n, k] * cosine + gloss)
        for k in range(3):
            colors[n, k] = min(max(colors[n, k] * inside[n], np.float32(0)), np.float32(1))


@njit(**SAFE_KERNEL)
def light_strands(means, along, albedo, middle, ambient, lamps, lamp_colors, colors):
    """Fill the lit colours ``[N,3]`` of strands: across their direction (Kajiya and Kay, 1989).

    Parameters
    ----------
    means, along
        ``[N,3]`` m.
    middle
        ``[3]`` m of the head: what is turned away from a lamp there is in its shadow.
    """
    for n in range(len(means)):
        length, far = np.float32(1e-12), np.float32(1e-12)
        for k in range(3):
            length += along[n, k] ** 2
            far += (means[n, k] - middle[k]) ** 2
            colors[n, k] = albedo[n, k] * ambient[k]
        length, far = np.float32(1) / np.sqrt(length), np.float32(1) / np.sqrt(far)
        for lamp in range(len(lamps)):
            cosine, outward = np.float32(0), np.float32(0)
            for k in range(3):
                cosine += along[n, k] * length * lamps[lamp, k]
                outward += (means[n, k] - middle[k]) * far * lamps[lamp, k]
            lit = min(max(np.float32(0.5) + np.float32(0.5) * outward, np.float32(0)), np.float32(1))
            across = np.sqrt(max(np.float32(1) - cosine * cosine, np.float32(0)))
            for k in range(3):
                colors[n, k] += lit * lamp_colors[lamp, k] * (albedo[n, k] * across + _HAIR_SHINE * across**_SHEEN)
        for k in range(3):
            colors[n, k] = min(max(colors[n, k], np.float32(0)), np.float32(1))
