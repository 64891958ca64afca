"""Who moves what: the filmed face, speech, idle life."""

import numpy as np
import pytest

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.motion.motion import Motion
from studio.core.tracking.gains import GAINS, FaceGains, channel_gains
from studio.core.tracking.puppetry import left_to_idle, mirrored, puppet

FACE = Motion.arkit(head_pose=[0.1, 0.2, -0.1, 0.01, 0, 0.02], jawOpen=0.5, eyeBlinkLeft=0.4, browInnerUp=0.6)
IDLE = Motion.arkit(head_pose=[0.02, 0, 0, 0, 0, 0], eyeBlinkLeft=1.0, browInnerUp=0.2)


def channel(motion: Motion, name: str) -> float:
    return float(motion.code[0, ARKIT_INDEX[name]])


def test_without_lips_the_face_leaves_the_mouth_to_speech() -> None:
    face = puppet(FACE, FaceGains(), lips=False)
    assert channel(face, "jawOpen") == 0
    assert channel(face, "browInnerUp") == pytest.approx(0.6)
    assert channel(puppet(FACE, FaceGains()), "jawOpen") == pytest.approx(0.5)
    np.testing.assert_allclose(face.head_pose, FACE.head_pose, atol=1e-6)


def test_gains_scale_their_own_part() -> None:
    face = puppet(FACE, FaceGains(head=0.5, eyes=0.5, brows=0.0, lips=2.0, channels={"jaw": 0.5}))
    assert channel(face, "jawOpen") == pytest.approx(0.5)
    assert channel(face, "eyeBlinkLeft") == pytest.approx(0.5 * 0.4 * GAINS["eyeBlink"])
    assert channel(face, "browInnerUp") == 0
    np.testing.assert_allclose(face.head_pose, 0.5 * FACE.head_pose, atol=1e-6)


def test_extreme_poses_are_held_back() -> None:
    far = Motion.arkit(head_pose=[0, 2.5, 0, 0, 0, 0])
    turned = float(puppet(far, FaceGains()).head_pose[0, 1])
    assert 0.7 < turned < 0.9


def test_idle_life_is_off_where_the_face_drives_and_back_where_it_is_lost() -> None:
    off = left_to_idle(IDLE, FaceGains(), presence=1.0)
    assert not off.code.any()
    assert not off.head_pose.any()
    half = left_to_idle(IDLE, FaceGains(), presence=0.5)
    assert channel(half, "eyeBlinkLeft") == 0.5
    back = left_to_idle(IDLE, FaceGains(), presence=0.0)
    np.testing.assert_array_equal(back.code, IDLE.code)
    np.testing.assert_array_equal(back.head_pose, IDLE.head_pose)


def test_idle_life_keeps_what_the_face_is_not_asked_for() -> None:
    kept = left_to_idle(IDLE, FaceGains(head=0.0, brows=0.0), presence=1.0)
    assert channel(kept, "browInnerUp") == pytest.approx(0.2)
    assert channel(kept, "eyeBlinkLeft") == 0
    np.testing.assert_array_equal(kept.head_pose, IDLE.head_pose)


def test_of_two_gains_the_longer_name_counts() -> None:
    gains = channel_gains({"mouthSmileLeft": 0.0, "mouth": 0.5})
    assert gains[ARKIT_INDEX["mouthSmileLeft"]] == 0
    assert gains[ARKIT_INDEX["mouthSmileRight"]] == 0.5
    assert gains[ARKIT_INDEX["jawOpen"]] == 1


@pytest.mark.parametrize(("gains", "said"), [({"nostril": 1.0}, "jawOpen"), ({"jaw": -1.0}, "from 0 to 2")])
def test_gains_that_cannot_be_used_are_refused(gains: dict[str, float], said: str) -> None:
    with pytest.raises(UserError, match=said):
        channel_gains(gains)


def test_a_mirror_shows_left_for_right_and_twice_is_never() -> None:
    rng = np.random.default_rng(0)
    pose = rng.normal(0, 0.2, (1, 6)).astype(np.float32)
    motion = Motion.from_frames("arkit", np.zeros(1), rng.uniform(0, 1, (1, len(ARKIT_NAMES))), pose)
    seen = mirrored(motion)
    assert channel(seen, "jawLeft") == channel(motion, "jawRight")
    assert channel(seen, "eyeLookInLeft") == channel(motion, "eyeLookInRight")
    assert channel(seen, "jawOpen") == channel(motion, "jawOpen")
    # A head turned to its left looks right in a mirror, and a nod stays a nod.
    np.testing.assert_allclose(seen.head_pose[0] / pose[0], [1, -1, -1, -1, 1, 1])
    np.testing.assert_array_equal(mirrored(seen).code, motion.code)
