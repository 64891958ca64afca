"""Light on Gaussians: Lambert's for skin, with highlights, and that of strands for hair.

The kernels run over Gaussians one after another; a view has a hundred thousand of them.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from studio.core.render.numba_runtime import SAFE_KERNEL

_HAIR_SHINE = np.float32(0.12)


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
def lay_on_triangles(vertices, normals, faces, face, share, frame, means, tangents, facing):
    """Fill means ``[N,3]``, tangents ``[N,2,3]`` and unit normals ``[N,3]`` of Gaussians on posed triangles.

    Parameters
    ----------
    vertices, normals
        ``[V,3]``.
    faces, face
        ``[F,3]``, and which triangle each lies on ``[N]``.
    share, frame
        Where on it ``[N,3]``, and its tangents in the triangle's two edges ``[N,2,2]``.
    """
    for n in range(len(face)):
        a, b, c = faces[face[n], 0], faces[face[n], 1], faces[face[n], 2]
        wa, wb, wc = share[n, 0], share[n, 1], share[n, 2]
        length = np.float32(1e-12)
        for k in range(3):
            pa, pb, pc = vertices[a, k], vertices[b, k], vertices[c, k]
            means[n, k] = wa * pa + wb * pb + wc * pc
            for t in range(2):
                tangents[n, t, k] = frame[n, t, 0] * (pb - pa) + frame[n, t, 1] * (pc - pa)
            across = wa * normals[a, k] + wb * normals[b, k] + wc * normals[c, k]
            facing[n, k] = across
            length += across * across
        length = np.float32(1) / np.sqrt(length)
        for k in range(3):
            facing[n, k] *= length


@njit(**SAFE_KERNEL)
def light_skin(means, facing, albedo, shine, reached, eye, ambient, lamps, lamp_colors, colors):
    """Fill the lit colours ``[N,3]`` of surfaces, with highlights (Blinn, 1977).

    Parameters
    ----------
    means, facing
        ``[N,3]`` m, and unit normals.
    albedo, shine, reached
        ``[N,3]``, ``[N]``, and how much light reaches it ``[N]``.
    eye
        ``[3]``: the camera.
    ambient, lamps, lamp_colors
        Of the light.
    """
    one, zero = np.float32(1), np.float32(0)
    for n in range(len(means)):
        x, y, z = facing[n, 0], facing[n, 1], facing[n, 2]
        vx, vy, vz = eye[0] - means[n, 0], eye[1] - means[n, 1], eye[2] - means[n, 2]
        near = one / np.sqrt(vx * vx + vy * vy + vz * vz)
        red, green, blue = albedo[n, 0] * ambient[0], albedo[n, 1] * ambient[1], albedo[n, 2] * ambient[2]
        for lamp in range(len(lamps)):
            lx, ly, lz = lamps[lamp, 0], lamps[lamp, 1], lamps[lamp, 2]
            hx, hy, hz = lx + vx * near, ly + vy * near, lz + vz * near
            across = max(x * hx + y * hy + z * hz, zero)
            # The cosine to the power of 32.
            gloss = across * across / (hx * hx + hy * hy + hz * hz + np.float32(1e-12))
            gloss *= gloss
            gloss *= gloss
            gloss *= gloss
            gloss *= gloss * shine[n]
            cosine = max(x * lx + y * ly + z * lz, zero)
            red += lamp_colors[lamp, 0] * (albedo[n, 0] * cosine + gloss)
            green += lamp_colors[lamp, 1] * (albedo[n, 1] * cosine + gloss)
            blue += lamp_colors[lamp, 2] * (albedo[n, 2] * cosine + gloss)
        colors[n, 0] = min(red * reached[n], one)
        colors[n, 1] = min(green * reached[n], one)
        colors[n, 2] = min(blue * reached[n], one)


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
    one, zero, half = np.float32(1), np.float32(0), np.float32(0.5)
    for n in range(len(means)):
        x, y, z = along[n, 0], along[n, 1], along[n, 2]
        ox, oy, oz = means[n, 0] - middle[0], means[n, 1] - middle[1], means[n, 2] - middle[2]
        short = one / np.sqrt(x * x + y * y + z * z + np.float32(1e-12))
        near = one / np.sqrt(ox * ox + oy * oy + oz * oz + np.float32(1e-12))
        red, green, blue = albedo[n, 0] * ambient[0], albedo[n, 1] * ambient[1], albedo[n, 2] * ambient[2]
        for lamp in range(len(lamps)):
            lx, ly, lz = lamps[lamp, 0], lamps[lamp, 1], lamps[lamp, 2]
            cosine = (x * lx + y * ly + z * lz) * short
            outward = (ox * lx + oy * ly + oz * lz) * near
            lit = min(max(half + half * outward, zero), one)
            squared = max(one - cosine * cosine, zero)
            across, sheen = np.sqrt(squared), squared * squared * squared
            sheen *= sheen
            sheen *= sheen * _HAIR_SHINE  # across to the power of 24
            red += lit * lamp_colors[lamp, 0] * (albedo[n, 0] * across + sheen)
            green += lit * lamp_colors[lamp, 1] * (albedo[n, 1] * across + sheen)
            blue += lit * lamp_colors[lamp, 2] * (albedo[n, 2] * across + sheen)
        colors[n, 0], colors[n, 1], colors[n, 2] = min(red, one), min(green, one), min(blue, one)
