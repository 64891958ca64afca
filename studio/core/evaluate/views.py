"""Novel views: one picture is given, others of the same head from known sides are asked for and compared."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.core.avatar import Avatar, render_bytes
from studio.core.errors import UserError
from studio.core.evaluate.baselines import STILL, WARP, still, warped
from studio.core.evaluate.face_points import track_landmarks
from studio.core.evaluate.recognition import apart_from
from studio.core.evaluate.strips import strip
from studio.core.evaluate.suite import Contender, Figure, Measured
from studio.core.evaluate.workshop import Workshop
from studio.core.gaussians.camera import Camera
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.files import atomic_path
from studio.core.media.image import load_picture
from studio.core.motion.motion import Motion
from studio.core.perception.portrait import prepare_portrait
from studio.core.training import metrics


@dataclass(frozen=True, eq=False)
class Views:
    """Views of a head at rest; the first one is what contenders are given.

    Attributes
    ----------
    pictures
        ``[V,S,S,3]`` uint8.
    heads
        ``[V,S,S]`` bool: where the person is.
    cameras
        V of them, in head space.
    turns
        ``[V]`` degrees from the first view, of the yaw as `Camera.orbited` has it.
    """

    pictures: NDArray[np.uint8]
    heads: NDArray[np.bool_]
    cameras: list[Camera]
    turns: NDArray[np.float64]


def seen_as(own: Camera, source: Camera, target: Camera) -> Camera:
    """Return the camera that sees a rebuilt head as `target` sees the true one.

    Both heads stand in head space, but how large and far they are is what landmarks said. So cameras are matched by
    what both share, the picture that `source` took and the head was built from: the turn from it to `target` is taken
    over as it is, and head space's origin is put at the same pixel, as much nearer or farther.

    Parameters
    ----------
    own
        The rebuilt head's camera of the source picture, of the size of `source`.
    """
    middle = np.zeros((1, 3))
    (x0, y0, z0), (x1, y1, z1) = (camera.project(middle)[0] for camera in (source, target))
    here, there = (np.linalg.solve(own.K, [x, y, 1.0]) for x, y in ((x0, y0), (x1, y1)))
    depth = float(own.project(middle)[0, 2])
    turn = target.world_to_camera[:3, :3] @ source.world_to_camera[:3, :3].T
    moved = np.eye(4)
    moved[:3, :3] = turn
    moved[:3, 3] = there * depth * z1 / z0 - turn @ (here * depth)
    return replace(own, world_to_camera=moved @ own.world_to_camera)


def rebuilt_views(avatar: Avatar, own: Camera, views: Views) -> Job[NDArray[np.uint8]]:
    """Return an avatar's pictures ``[V,S,S,3]`` of all views; `own` is its camera of the first one."""
    watch = Stopwatch()
    made = []
    for k, target in enumerate(views.cameras):
        yield watch.progress(k / len(views.cameras), "rendering views")
        camera = seen_as(own, views.cameras[0], target)
        made.append(np.asarray(render_bytes(avatar, Motion.neutral(), camera))[..., :3])
    return np.stack(made)


def portrait_camera(picture: Path, size: int) -> Job[Camera]:
    """Return where every engine is told that a square picture was taken from, in head space, at `size` px.

    Raises
    ------
    UserError
        If the picture has no face, or so small a one that it is cropped.
    """
    loaded = load_picture(picture)
    portrait = yield from prepare_portrait(loaded.rgb, loaded.alpha, face=1, name=picture.stem)
    height, width = portrait.rgb.shape[:2]
    if height != width or any("cropped" in note for note in portrait.notes):
        raise UserError("The head is so small in the view that it is cropped; take portraits that show it larger.")
    return portrait.pose.camera.fitted(size)


def judged(views: Views, name: str, contender: Contender, shop: Workshop) -> Job[Measured]:
    """Judge a contender on views; `name` names the source picture's file.

    Returns
    -------
    Figures ``psnr D``, ``head D``, ``ssim D`` of views turned by about D degrees either way, in tens: of the whole
    picture, and of the person in either picture; ``identity D`` as `apart_from`.
    """
    watch = Stopwatch()
    landmarks = yield from share(track_landmarks(views.pictures), watch, 0.0, 0.1)
    if contender.name == STILL:
        made = still(views.pictures[0], len(views.pictures))
    elif contender.name == WARP:
        if np.isnan(landmarks[0]).any():
            raise UserError("No landmarks are found in the source picture, so it cannot be warped.")
        made = yield from share(warped(views.pictures[0], landmarks[0], landmarks), watch, 0.1, 0.8)
    else:
        picture = _source(views, name, shop)
        avatar = yield from share(shop.avatar(contender, picture), watch, 0.1, 0.7)
        own = yield from share(portrait_camera(picture, views.pictures.shape[1]), watch, 0.7, 0.75)
        made = yield from share(rebuilt_views(avatar, own, views), watch, 0.75, 0.8)
    yield watch.progress(0.8, "comparing views")
    figures: dict[str, float] = {}
    bins = np.round(np.abs(views.turns) / 10).astype(int) * 10
    for turn in np.unique(bins[bins > 0]):
        chosen = np.flatnonzero(bins == turn)
        pairs = [(made[k], views.pictures[k], views.heads[k] | views.heads[0]) for k in chosen]
        figures[f"psnr {turn}"] = float(np.mean([metrics.psnr(a, b) for a, b, _ in pairs]))
        figures[f"head {turn}"] = float(np.mean([metrics.psnr(a, b, m.astype(float)) for a, b, m in pairs]))
        figures[f"ssim {turn}"] = float(np.mean([metrics.ssim(a, b) for a, b, _ in pairs]))
        if not np.isnan(landmarks[0]).any():
            start = 0.8 + 0.2 * chosen[0] / len(made)
            apart = yield from share(apart_from(views.pictures[0], made[chosen], landmarks[0]), watch, start, start)
            figures |= {f"identity {turn}": apart["identity"]} if apart else {}
    order = np.argsort(views.turns, kind="stable")
    return Measured(figures, strip(made[order], len(order)), strip(views.pictures[order], len(order)))


def _source(views: Views, name: str, shop: Workshop) -> Path:
    path = shop.folder / "avatars" / f"{name}.png"
    with atomic_path(path) as temporary:
        Image.fromarray(views.pictures[0]).save(temporary)
    return path


def figures_at(turns: tuple[int, ...]) -> tuple[Figure, ...]:
    """Return the columns of `judged` for turns in degrees."""
    return (
        *(Figure(f"psnr {turn}", f"PSNR {turn}°", digits=1) for turn in turns),
        *(Figure(f"head {turn}", f"of the person {turn}°", digits=1) for turn in turns),
        *(Figure(f"ssim {turn}", f"SSIM {turn}°", digits=3) for turn in turns),
        *(Figure(f"identity {turn}", f"identity {turn}°", "down") for turn in turns),
    )
