"""`LiveTracker`: a face followed while it is filmed, a frame in and a frame out, none held back."""

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.motion.motion import Motion
from studio.core.motion.poses import head_pose_of, placement_matrix, placement_of
from studio.core.perception.landmarks import MeshTracker
from studio.core.tracking.clip import COVERED, MOUTH, confidence_of
from studio.core.tracking.covering import MouthWatch
from studio.core.tracking.identity import clip_view, fit_identity
from studio.core.tracking.smooth import EXPRESSION, SHIFT, TURN, OneEuro
from studio.core.tracking.solve import FaceSolver

# The face at rest is fitted to the first frame and, as more of it is seen, again with these many.
_REFITS = (15, 90)
_EASE = 0.3  # s in which a lost face comes to rest


class LiveTracker:
    """Follows one face; see `studio.core.motion.driver.Driver`, whose times are given here with every frame.

    The pose is relative to that of the last fit of the face at rest, so sit as you like to be seen when it starts.
    """

    space = "arkit"

    def __init__(self) -> None:
        self._mesh = MeshTracker()
        self._mouth = MouthWatch()
        self._filters = OneEuro(EXPRESSION), OneEuro(TURN), OneEuro(SHIFT)
        self._seen: list[NDArray] = []
        self._solver: FaceSolver | None = None
        self._home = np.eye(4)
        self._last = Motion.neutral()
        self._lost_at: float | None = None

    def push(self, rgb: NDArray[np.uint8], time: float) -> Motion:
        """Return the motion (T=1) of the next frame ``[H,W,3]``, filmed at `time` s.

        While no face is seen the head comes to rest, with confidence 0.
        """
        landmarks = self._mesh.track(rgb)
        if landmarks is None:
            return self._resting(time)
        points = landmarks.astype(np.float64)
        if len(self._seen) < _REFITS[-1]:
            self._seen.append(points)
        if self._solver is None or (self._lost_at is None and len(self._seen) in _REFITS):
            self._fit(rgb.shape)
            if len(self._seen) == _REFITS[-1]:
                self._seen.append(points)  # enough: no fit comes after this one
        if self._lost_at is not None:
            self._forget()
        assert self._solver is not None
        found = self._solver.solve(points)
        seen = self._mouth(rgb, landmarks)
        code = found.code
        if seen < COVERED:
            code = code.copy()
            code[MOUTH] = self._last.code[0, MOUTH]
        placement = placement_of(found.rotation, found.translation)
        code, turn, place = (
            smooth(value, time)
            for smooth, value in zip(self._filters, (code, placement[:3], placement[3:]), strict=True)
        )
        pose = head_pose_of(np.linalg.inv(self._home) @ placement_matrix(np.concatenate([turn, place])))
        confidence = confidence_of(np.array([found.error]), np.array([seen]))
        self._last = Motion(
            "arkit", np.array([time]), np.clip(code, 0, 1)[None].astype(np.float32), pose[None], confidence
        )
        return self._last

    def close(self) -> None:
        """Release the network."""
        self._mesh.close()

    def _fit(self, shape: tuple[int, ...]) -> None:
        landmarks = np.stack(self._seen)
        view = clip_view(landmarks, shape[1], shape[0])
        self._solver = FaceSolver(fit_identity(landmarks, view), view)
        solved = self._solver.solve(landmarks[-1])
        self._home = placement_matrix(placement_of(solved.rotation, solved.translation))
        self._solver.reset()

    def _forget(self) -> None:
        self._lost_at = None
        if self._solver is not None:
            self._solver.reset()
        self._mouth.reset()
        for smooth in self._filters:
            smooth.reset()

    def _resting(self, time: float) -> Motion:
        if self._lost_at is None:
            self._lost_at = time
        left = float(np.clip(1 - (time - self._lost_at) / _EASE, 0, 1))
        code, pose = self._last.code * np.float32(left), self._last.head_pose * np.float32(left)
        return Motion("arkit", np.array([time]), code.reshape(1, len(ARKIT_NAMES)), pose, np.zeros(1, np.float32))
