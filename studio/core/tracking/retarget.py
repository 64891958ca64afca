"""A tracked face's motion on an avatar: expressions from the avatar's own rest, poses in one of two framings."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar
from studio.core.framing import square_camera
from studio.core.gaussians.camera import Camera
from studio.core.heads.anatomy import EYE_MIDPOINT, INTEROCULAR
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.motion.motion import Motion
from studio.core.motion.poses import FURTHEST_MOVE, NECK_REACH, gently_limited, head_pose_of, placement_matrix, rigid
from studio.core.motion.track import Track
from studio.core.speech.hidden import hidden_window
from studio.core.tracking.avatar_face import AvatarFace, look_at
from studio.core.tracking.face_model import INNER, FaceModel
from studio.core.tracking.gains import FaceGains
from studio.core.tracking.gaze import LOOK_INDEX
from studio.core.tracking.normal_equations import descend, gram
from studio.core.tracking.placing import placed
from studio.core.tracking.shoulders import SHOULDERS_FOLLOW
from studio.core.tracking.solve import observed_landmarks, openings

Framing = Literal["avatar", "video"]

# Clips whose head lies where the portrait's does keep the portrait's own view, so that the background stays put.
_SAME_PLACE, _SAME_SIZE = 0.12, 0.08

_SWEEPS, _STEPS = 40, 2
_SPARSE, _SMALL, _KEEP = 1e-3, 1e-3, 4e-3
_GAP_CHANNELS = [ARKIT_INDEX[name] for name in ("mouthClose", "mouthPressLeft", "mouthPressRight", "mouthPucker")]
_GAP_SHARES = np.array([1.0, 0.5, 0.5, 1.25])
_CLOSE_GAP = -2  # of `SHAPE_NAMES`


class Expressions:
    """Plays one face's codes on a head whose rest is an expression too.

    Where the head's rest shows nothing, a code is played as it is. Otherwise the code is sought that brings the head's
    landmarks from its rest to where the played code takes them: from what the rest shows on the driving face, where
    that is the same person's; else from a neutral face.

    Parameters
    ----------
    model
        The head's own face, as its portrait shows it.
    driving
        The face that the codes were found on.
    rest_code
        ``[52]``: the expression that the head's rest already shows, in the driving face's terms; None where the two
        are not one person, and only the lips' gap at rest is known not to be neutral.
    """

    def __init__(self, model: FaceModel, driving: FaceModel, rest_code: NDArray | None) -> None:
        chosen, weights = observed_landmarks()
        self._model = model.at(chosen)
        self._pairs, pair_weights = openings(chosen)
        self._weights = np.repeat(np.concatenate([weights, pair_weights]), 3)
        if rest_code is None:
            self._driving = None
            closed = np.zeros(len(ARKIT_NAMES))
            closed[ARKIT_INDEX["mouthClose"]] = 1
            self._offset = shown = self._model.points(closed) - self._model.rest
        else:
            self._driving = driving.at(chosen)
            self._offset = self._model.rest - self._driving.points(rest_code)
            shown = self._driving.points(rest_code) - self._driving.rest
        self._neutral = bool(np.abs(shown).max() < 1e-3 * INTEROCULAR)

    def __call__(self, code: NDArray) -> NDArray[np.float64]:
        """Return the code ``[52]`` that shows on this head what `code` shows on the driving face."""
        now = np.array(code, np.float64)
        if self._neutral:
            return now
        target = self._played(now) + self._offset
        for _ in range(_STEPS):
            slopes = self._with_openings(self._model.slopes(now)).reshape(len(now), -1) / INTEROCULAR
            residual = self._with_openings(target - self._model.points(now)).reshape(-1) / INTEROCULAR
            H, right = gram(slopes, self._weights, residual)
            right += H @ now + _KEEP * code
            H[np.diag_indices(len(H))] += _SMALL + _KEEP
            descend(H, right, np.full(len(now), _SPARSE), now, _SWEEPS)
        now[LOOK_INDEX] = code[LOOK_INDEX]
        return now

    def _with_openings(self, values: NDArray) -> NDArray[np.float64]:
        upper, lower = self._pairs
        return np.concatenate([values, values[..., lower, :] - values[..., upper, :]], axis=-2)

    def _played(self, code: NDArray) -> NDArray[np.float64]:
        """Return the landmarks under a code; on a stranger's head no gap of its rest closed by it."""
        if self._driving is not None:
            return self._driving.points(code)
        gap = min(1.0, float(code[_GAP_CHANNELS] @ _GAP_SHARES))
        return self._model.points(code) - gap * self._model.deltas[_CLOSE_GAP]


@dataclass(frozen=True, eq=False)
class Shot:
    """One frame to draw: how the avatar moves, and from where it is seen."""

    motion: Motion
    camera: Camera


@dataclass(frozen=True, eq=False)
class Change:
    """By how much one frame of a track is corrected.

    Attributes
    ----------
    code
        ``[52]``, added.
    turn
        ``[3]`` rad, added to the placement's axis-angle.
    place
        ``[3]``: right and down, parts of the focal length, and the logarithm of the distance.
    """

    code: NDArray[np.float64]
    turn: NDArray[np.float64]
    place: NDArray[np.float64]

    def of(self, placement: NDArray) -> NDArray[np.float64]:
        """Return a placement ``[6]`` so corrected."""
        ray, depth = placement[3:5] / placement[5] + self.place[:2], placement[5] * np.exp(self.place[2])
        return np.concatenate([placement[:3] + self.turn, ray * depth, [depth]])


UNCHANGED = Change(np.zeros(len(ARKIT_NAMES)), np.zeros(3), np.zeros(3))


def with_sound(shots: Iterator[Shot], states: NDArray[np.float32]) -> Iterator[Shot]:
    """Yield shots of an avatar that follows sound, each with what is heard about its moment.

    Parameters
    ----------
    states
        Rows ``[T,160]`` of the driving clip's sound, see `studio.core.speech.hidden`.
    """
    for shot in shots:
        window = hidden_window(states, float(shot.motion.times[0]))
        yield replace(shot, motion=replace(shot.motion, heard=window[None]))


class Retarget:
    """A track on an avatar, frame by frame.

    Parameters
    ----------
    framing
        ``"avatar"``: the head moves from its own rest in its own framing, as the driving one moves from its usual pose.
        ``"video"``: the head stands where the driving one does, as large, in a picture of the clip's size.
    size
        px, side of the square picture of framing ``"avatar"``.
    gains
        How much of the driving face arrives; of the head's motion only with framing ``"avatar"``.

    Attributes
    ----------
    camera
        The view at rest.
    same_person
        Whether the track's face is the avatar's, as far as landmarks tell.

    Raises
    ------
    UserError
        If the avatar's face cannot be found, or `gains` name no channel or are out of range.
    """

    def __init__(
        self, avatar: Avatar, track: Track, framing: Framing = "avatar", size: int = 512,
        gains: FaceGains = FaceGains(),
    ) -> None:  # fmt: skip
        self._track, self._framing = track, framing
        driving = FaceModel.of(track.rest)
        face = look_at(avatar, driving)
        self._expressions = Expressions(face.model, driving, face.rest_code)
        self._gain = gains.of_channels()
        self._head_gain = gains.head
        self._points = face.points[INNER]
        self._shape = face.shape[INNER]
        self._home = face.home
        self.same_person = face.rest_code is not None
        self._shoulders = track.shoulders if track.shoulders.any() else _guessed_shoulders(track)
        self.camera = square_camera(avatar, size) if framing == "avatar" else self._clip_camera(avatar, face)

    def __len__(self) -> int:
        return len(self._track.motion)

    def at(self, time: float, change: Change = UNCHANGED) -> Shot:
        """Return what to draw at `time` s of the clip; a `change` counts only with framing ``"video"``."""
        track = self._track
        frame = track.motion.at(time)
        code = self._expressions(np.clip((frame.code[0] + change.code) * self._gain, 0, 1))
        if self._framing == "avatar":
            pose, camera = self._head_gain * frame.head_pose[0].astype(np.float64), self.camera
        else:
            pose, camera = self._placed(time, change)
        pose = gently_limited(pose, NECK_REACH if self._framing == "avatar" else FURTHEST_MOVE)
        motion = Motion.from_frames("arkit", frame.times, code[None], pose[None])
        return Shot(motion, camera)

    def shots(self, times: NDArray) -> Iterator[Shot]:
        """Yield what to draw at each of `times` s."""
        return (self.at(float(time)) for time in times)

    def _clip_camera(self, avatar: Avatar, face: AvatarFace) -> Camera:
        """Return the view of the clip's size in which the avatar at rest stands as the driving head at first does."""
        track, own = self._track, avatar.camera
        eyes = np.array([*EYE_MIDPOINT, 1.0])
        rest, first = own.world_to_camera @ face.home @ eyes, placement_matrix(track.placement[0]) @ eyes
        centre = np.array([track.width / 2, track.height / 2])
        there = centre + track.focal * first[:2] / first[2]
        here = own.K[:2, 2] + own.K[0, 0] * rest[:2] / rest[2]
        magnify = (track.focal / first[2]) / (own.K[0, 0] / rest[2])
        plain = track.width / own.width
        off = np.linalg.norm(there - here * plain) * first[2] / (track.focal * INTEROCULAR)
        same_shape = abs(own.height * plain - track.height) <= 1.0
        width, height = even(track.width), even(track.height)
        if same_shape and off < _SAME_PLACE and abs(magnify / plain - 1) < _SAME_SIZE:
            return own.cropped(0, 0, own.width * width / track.width, own.height * height / track.height, width, height)
        return own.cropped(
            here[0] - there[0] / magnify, here[1] - there[1] / magnify, width / magnify, height / magnify, width, height
        )

    def _placed(self, time: float, change: Change) -> tuple[NDArray[np.float64], Camera]:
        """Return the head's pose and the view that puts head and shoulders where the clip has them."""
        track, camera = self._track, self.camera
        index = np.clip(np.searchsorted(track.motion.times, time, side="right") - 1, 0, len(track.motion) - 1)
        after = min(index + 1, len(track.motion) - 1)
        span = track.motion.times[after] - track.motion.times[index]
        part = float(np.clip((time - track.motion.times[index]) / span, 0, 1)) if span > 0 else 0.0
        placement = change.of((1 - part) * track.placement[index] + part * track.placement[after])
        shoulders = (1 - part) * self._shoulders[index] + part * self._shoulders[after]

        focal, principal = camera.K[0, 0], camera.K[:2, 2]
        clip = placement_matrix(placement)
        eyes = clip[:3, :3] @ EYE_MIDPOINT + clip[:3, 3]
        ray = eyes[:2] / eyes[2]
        pixel = np.array([track.width / 2, track.height / 2]) + track.focal * ray
        depth = eyes[2] * focal / track.focal
        own_ray = (pixel - principal) / focal
        # A head off the middle is seen from the side by as much as its ray slants.
        turn = _towards(own_ray) @ _towards(ray).T @ clip[:3, :3]
        head = rigid(turn, np.array([*(own_ray * depth), depth]) - turn @ EYE_MIDPOINT)

        moved = self._carried(shoulders, camera)
        start = np.linalg.inv(moved.world_to_camera) @ head @ np.linalg.inv(self._home)
        shape = self._shape @ clip[:3, :3].T + clip[:3, 3]
        seen = np.array([track.width, track.height]) / 2 + track.focal * shape[:, :2] / shape[:, 2:]
        unit = track.focal * INTEROCULAR / clip[2, 3]
        world = placed(self._points, seen, moved, start, unit)
        return head_pose_of(world).astype(np.float64), moved

    def _carried(self, shoulders: NDArray, camera: Camera) -> Camera:
        """Return a view moved so that the avatar's shoulders go as the clip's do; the background stays."""
        right, down, roll, size = shoulders
        if not shoulders.any():
            return camera
        width, height = self._track.width, self._track.height
        middle = (np.array([width, height]) / 2 - camera.K[:2, 2]) / camera.K[0, 0]
        depth = camera.world_to_camera[2, 3]
        c, s = np.cos(roll), np.sin(roll)
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
        # About the middle of the picture: turned, enlarged by coming nearer, then shifted.
        nearer = np.exp(-size)
        shift = np.array([right, down]) * self._track.focal / camera.K[0, 0]
        body = rigid(turn, np.zeros(3))
        anchor = np.array([*middle * depth, depth])
        body[:3, 3] = np.array([*((middle + shift) * depth * nearer), depth * nearer]) - turn @ anchor
        return replace(camera, world_to_camera=body @ camera.world_to_camera)


def _guessed_shoulders(track: Track) -> NDArray[np.float64]:
    """Return `Track.shoulders` of a clip that does not show them: they go part of the head's way."""
    place, distance = track.placement[:, 3:5] / track.placement[:, 5:], track.placement[:, 5]
    out = np.zeros_like(track.shoulders)
    out[:, :2] = SHOULDERS_FOLLOW * (place - place[0])
    out[:, 3] = SHOULDERS_FOLLOW * np.log(distance[0] / distance)
    return out


def even(length: float) -> int:
    """Return the even number of px next below `length`, which 4:2:0 chroma needs."""
    return max(2, round(length) // 2 * 2)


def _towards(ray: NDArray) -> NDArray[np.float64]:
    """Return the rotation ``[3,3]`` that takes the optical axis to a ray ``[2]``, without roll."""
    z = np.array([*ray, 1.0]) / np.sqrt(1 + ray @ ray)
    x = np.cross([0.0, 1.0, 0.0], z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)
