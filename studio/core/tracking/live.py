"""`LiveTracker`: a face followed while it is filmed, a frame in and a frame out, none held back."""

from bisect import bisect_right
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.heads.anatomy import smoothstep
from studio.core.motion.motion import Motion
from studio.core.motion.poses import head_pose_of, placement_matrix, placement_of
from studio.core.tracking.clip import COVERED, MOUTH, confidence_of
from studio.core.tracking.covering import MouthWatch
from studio.core.tracking.follow import FaceFollower
from studio.core.tracking.identity import KEYFRAMES, clip_view, fit_identity
from studio.core.tracking.smooth import EXPRESSION, SHIFT, TURN, OneEuro
from studio.core.tracking.solve import FaceSolver, View

# The face at rest is fitted to the first frame and, as more of it is seen, again with these many.
_REFITS = (15, 90)
_CALIBRATED_IN = 1.0  # s
EASE = 0.3
"""s in which a lost face comes to rest, and one that is found or fitted anew takes over."""
_STRANGER = 0.02
"""Of the distance between the eyes: a face that the model meets less well than this is another person's."""


class LiveTracker:
    """Follows one face; a `studio.core.motion.driver.Driver` that frames are pushed into.

    The pose is relative to the mean of the first seconds, so sit as you like to be seen when it starts, or `calibrate`.

    Parameters
    ----------
    fps
        Frames per second where `push` is not told their times.

    Attributes
    ----------
    landmarks
        ``[478,3]`` px in the last frame; None while no face is seen.
    presence
        0..1: how far the face of the last frame has taken over from rest.
    """

    source: Literal["speech", "video"] = "video"
    space = "arkit"
    look_ahead = 0.0

    def __init__(self, fps: float = 30.0) -> None:
        self._fps = fps
        self._follow = FaceFollower()
        self._mouth = MouthWatch()
        self._filters = OneEuro(EXPRESSION), OneEuro(TURN), OneEuro(SHIFT)
        self._forget_all()

    def reset(self) -> None:
        """Forget the face and start again at time zero."""
        self._follow.close()
        self._forget_all()

    def push(self, chunk: NDArray[np.uint8], time: float | None = None) -> None:
        """Take the next frame ``[H,W,3]``, filmed at `time` s, which is later than the last.

        While no face is seen the head comes to rest, with confidence 0.
        """
        now = self._next_time(time)
        landmarks = self._follow(chunk, now)
        if landmarks is None:
            self._rest(now)
            return
        points = landmarks.astype(np.float64)
        self.landmarks = landmarks
        again = self._lost_at is not None
        if again:
            self._find_again()
        pointed, self._pointed = self._pointed, False
        known = self._solver if self._follow.changed else None
        if known is not None and (pointed or known.solve(points).error > _STRANGER):
            self._forget_person()
        fitted = self._learn(points, chunk.shape, now)
        self._keep(self._found(points, chunk, now), now, ease=again or fitted)

    def lose(self, time: float) -> None:
        """Take it that nothing could be seen at `time` s."""
        self._rest(self._next_time(time))

    def read(self, time: float) -> Motion:
        """Return the frame (T=1) at `time` s: the newest that was filmed by then."""
        return self._frames[max(bisect_right(self._times, time) - 1, 0)] if self._frames else Motion.neutral(time)

    def forget(self, before: float) -> None:
        """Drop the frames that are not needed to `read` from `before` s on."""
        count = max(bisect_right(self._times, before) - 1, 0)
        del self._times[:count], self._frames[:count]

    def calibrate(self) -> None:
        """Take the face of the next second for its rest: look straight and relax."""
        self._neutral = []

    def point_at(self, place: tuple[float, float]) -> None:
        """Follow the face at a place of the next frame, parts of its width and height, if there is one."""
        self._follow.point_at(place)
        self._pointed = True

    @property
    def calibrating(self) -> bool:
        """Whether a calibration goes on."""
        return self._neutral is not None

    def close(self) -> None:
        """Release the network."""
        self._follow.close()

    # The frames given out

    def _next_time(self, time: float | None) -> float:
        self._count += 1
        return (self._count - 1) / self._fps if time is None else time

    def _keep(self, found: Motion, time: float, ease: bool) -> None:
        before = self._frames[-1] if self._frames else Motion.neutral(time)
        if ease:
            # What is new takes over gently from what was shown last.
            self._eased_from = time
            self._carried = before.code - found.code, before.head_pose - found.head_pose
        left = np.float32(1 - smoothstep(0, EASE, np.asarray(time - self._eased_from)))
        code, pose = (value + left * carried for value, carried in zip(
            (found.code, found.head_pose), self._carried, strict=True
        ))  # fmt: skip
        self.presence = max(self.presence, 1 - float(left))
        self._give(Motion("arkit", found.times, np.clip(code, 0, 1), pose, found.confidence))

    def _rest(self, time: float) -> None:
        if self._lost_at is None:
            self._lost_at = time
            self._left_off = self._frames[-1] if self._frames else Motion.neutral(time), self.presence
        self.landmarks = None
        if self._neutral:
            self._neutral = []
        last, presence = self._left_off
        left = 1 - smoothstep(0, EASE, np.asarray(time - self._lost_at))
        self.presence = presence * float(left)
        code, pose = (value * np.float32(left) for value in (last.code, last.head_pose))
        self._give(Motion("arkit", np.array([time]), code, pose, np.zeros(1, np.float32)))

    def _give(self, motion: Motion) -> None:
        self._times.append(float(motion.times[0]))
        self._frames.append(motion)

    # The face

    def _found(self, points: NDArray, rgb: NDArray[np.uint8], time: float) -> Motion:
        assert self._solver is not None
        found = self._solver.solve(points)
        seen = self._mouth(rgb, points)
        code = found.code
        if seen < COVERED:
            code = code.copy()
            code[MOUTH] = self._mouth_seen_last
        self._mouth_seen_last = code[MOUTH]
        placement = placement_of(found.rotation, found.translation)
        code, turn, place = (
            smooth(value, time)
            for smooth, value in zip(self._filters, (code, placement[:3], placement[3:]), strict=True)
        )
        pose = head_pose_of(np.linalg.inv(self._home) @ placement_matrix(np.concatenate([turn, place])))
        confidence = confidence_of(np.array([found.error]), np.array([seen]))
        code = np.clip(code, 0, 1)[None].astype(np.float32)
        return Motion("arkit", np.array([time]), code, pose[None], confidence)

    def _learn(self, points: NDArray, shape: tuple[int, ...], time: float) -> bool:
        """Fit the face at rest where it is due; return whether it was."""
        if self._neutral is not None:
            self._neutral.append((time, points))
            if time - self._neutral[0][0] >= _CALIBRATED_IN:
                self._fit(np.stack([points for _, points in self._neutral]), shape)
                self._seen, self._settled, self._neutral = [], True, None
                return True
        if self._settled:
            return False
        self._seen.append(points)
        if self._solver is None or len(self._seen) in _REFITS:
            self._fit(np.stack(self._seen), shape)
            self._settled = len(self._seen) >= _REFITS[-1]
            return True
        return False

    def _fit(self, landmarks: NDArray, shape: tuple[int, ...]) -> None:
        """Fit the face at rest to frames ``[T,478,3]`` px; their mean pose becomes home."""
        view: View = clip_view(landmarks, shape[1], shape[0])
        self._solver = FaceSolver(fit_identity(landmarks, view), view)
        poses = []
        for points in landmarks[:: max(1, len(landmarks) // KEYFRAMES)]:
            solved = self._solver.solve(points)
            poses.append(placement_of(solved.rotation, solved.translation))
        turn = Rotation.from_rotvec(np.stack(poses)[:, :3]).mean().as_rotvec()
        self._home = placement_matrix(np.concatenate([turn, np.mean(poses, axis=0)[3:]]))
        self._find_again()

    def _find_again(self) -> None:
        """Let the next frame owe nothing to the last."""
        self._lost_at = None
        if self._solver is not None:
            self._solver.reset()
        self._mouth.reset()
        for smooth in self._filters:
            smooth.reset()

    def _forget_person(self) -> None:
        self._solver: FaceSolver | None = None
        self._settled = False
        self._seen: list[NDArray] = []
        self._neutral: list[tuple[float, NDArray]] | None = None
        self._home = np.eye(4)
        self._mouth_seen_last = np.zeros(len(MOUTH))
        self._pointed = False

    def _forget_all(self) -> None:
        self._forget_person()
        self._count = 0
        self._times: list[float] = []
        self._frames: list[Motion] = []
        self.landmarks: NDArray[np.float32] | None = None
        self.presence = 0.0
        self._lost_at: float | None = None
        self._left_off = Motion.neutral(), 0.0
        self._eased_from = -np.inf
        self._carried = np.zeros(1, np.float32), np.zeros(1, np.float32)
        self._find_again()
