"""A face moves as the skin of another head does, in its own proportions, and its lips stay apart."""

from pathlib import Path

import numpy as np
import pytest
from dome import write_flame, write_ict
from numpy.typing import NDArray
from scipy.spatial import KDTree

from studio.core.engines.base import QUALITIES, BuildOptions
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.engine import LiftEngine
from studio.core.engines.lift.other_head import OtherHeadShapes
from studio.core.heads import library
from studio.core.heads.anatomy import to_face, to_head
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.arkit_skin import ArkitSkin
from studio.core.heads.full import FullHead
from studio.core.heads.head import HeadParams
from studio.core.heads.standard68 import ON_FACE_MESH
from studio.core.heads.template import TemplateHead, mean_landmarks
from studio.core.jobs import run
from studio.core.motion.motion import Motion
from studio.core.perception.portrait import Portrait

ZERO = np.zeros(3, np.float32)


def skin_of(head: FullHead) -> ArkitSkin:
    """The built-in head as if it were another one: its lips are two sheets that touch, as a real head's are."""
    chosen = np.flatnonzero(head.of("skin"))
    rest = head.vertices(HeadParams(ZERO, np.zeros(52, np.float32), ZERO, ZERO))
    opened = head.vertices(HeadParams(ZERO, np.eye(52, dtype=np.float32)[ARKIT_INDEX["jawOpen"]], ZERO, ZERO))
    moved = []
    for i, name in enumerate(ARKIT_NAMES):
        code = np.eye(52, dtype=np.float32)[i]
        closing = name == "mouthClose"
        code[ARKIT_INDEX["jawOpen"]] += closing
        moved.append(head.vertices(HeadParams(ZERO, code, ZERO, ZERO)) - (opened if closing else rest))
    place = np.full(len(rest), -1)
    place[chosen] = np.arange(len(chosen))
    faces = place[head.faces]
    faces = faces[(faces >= 0).all(1)].astype(np.int32)
    return ArkitSkin(rest[chosen], faces, place[list(ON_FACE_MESH)], np.stack(moved)[:, chosen])


@pytest.fixture(scope="module")
def skin() -> ArkitSkin:
    return skin_of(FullHead())


def worn(landmarks: NDArray, skin: ArkitSkin) -> TemplateHead:
    return TemplateHead(landmarks, shapes=OtherHeadShapes(to_face(landmarks), skin))


def moved(head: TemplateHead, *names: str) -> NDArray[np.float32]:
    code = np.zeros(52, np.float32)
    code[[ARKIT_INDEX[name] for name in names]] = 1
    return head.vertices(HeadParams(ZERO, code, ZERO, ZERO)) - head.neutral


@pytest.mark.parametrize("name", ["jawOpen", "jawLeft", "mouthSmileLeft", "mouthPucker", "browInnerUp", "cheekPuff"])
def test_a_face_like_the_other_heads_moves_as_it_does(skin: ArkitSkin, name: str) -> None:
    face = worn(mean_landmarks(), skin)
    at = np.array(ON_FACE_MESH)[17:]
    ours, theirs = moved(face, name)[at], skin.moved[ARKIT_INDEX[name]][skin.landmarks[17:]]
    error = np.linalg.norm(ours - theirs, axis=1).max()
    assert error < 0.25 * np.linalg.norm(theirs, axis=1).max()


def test_an_open_jaw_parts_the_lips_and_mouth_close_joins_them(skin: ArkitSkin) -> None:
    face = worn(mean_landmarks(), skin)
    upper, lower = 13, 14

    def gap(*names: str) -> float:
        posed = face.neutral + moved(face, *names)
        return float(posed[upper, 1] - posed[lower, 1])

    assert gap("jawOpen") > 0.02
    assert abs(gap("jawOpen", "mouthClose")) < 0.05 * gap("jawOpen")


def test_a_wider_mouth_smiles_wider_and_a_smaller_one_less(skin: ArkitSkin) -> None:
    reach = []
    for width in (0.8, 1.0, 1.2):
        landmarks = to_face(mean_landmarks())
        low = landmarks[:, 1] > 0.8
        landmarks[low, 0] *= width
        reach.append(np.linalg.norm(moved(worn(to_head(landmarks), skin), "mouthPucker")[61]))
    assert reach[0] < reach[1] < reach[2]


def test_what_a_head_does_not_do_leaves_the_face_still(skin: ArkitSkin) -> None:
    still = ArkitSkin(skin.points, skin.faces, skin.landmarks, skin.moved * 0)
    face = worn(mean_landmarks(), still)
    names = [name for name in ARKIT_NAMES if not name.startswith("eyeBlink")]
    assert abs(moved(face, *(name for name in names if name not in ("mouthClose", "mouthPucker")))).max() < 1e-7


def before_sharpening(portrait: Portrait, options: BuildOptions) -> LiftAvatar:
    """Build as far as everything but the refinement, which takes seconds."""
    job = LiftEngine().reconstruct(portrait, options=options)
    avatar = next(report.preview for report in job if report.message == "sharpening")
    job.close()
    assert isinstance(avatar, LiftAvatar)
    return avatar


@pytest.mark.parametrize("name", ["ict", "flame2023"])
def test_a_portrait_is_built_with_a_head_of_the_library(portrait: Portrait, tmp_path: Path, name: str) -> None:
    run(library.add(write_ict(tmp_path / "FaceXModel")))
    if name == "flame2023":
        run(library.add(write_flame(tmp_path / "flame2023.pkl")))
    options = BuildOptions(head=name)
    avatar, plain = (before_sharpening(portrait, chosen) for chosen in (options, BuildOptions()))
    assert BuildOptions.from_meta(avatar.state().meta) == options
    at_rest, expected = (head.surfels[head.surfels.seen & ~head.surfels.inside] for head in (avatar, plain))
    # The portrait's own, but for a few cells more or less: what is inside the mouth leaves the front another share.
    assert len(at_rest) == pytest.approx(len(expected), rel=0.01)
    apart, _ = KDTree(expected.means).query(at_rest.means)
    assert np.percentile(apart, 99) < 1e-6
    skin = len(TemplateHead(mean_landmarks()).neutral)
    assert abs(avatar.rig.deltas[:, :skin].astype(np.float32) - plain.rig.deltas[:, :skin]).max() > 1e-3
    loaded = LiftEngine().load(avatar.state())
    loaded.pose(Motion.arkit(0.0, None, jawOpen=1.0), avatar.camera).check_finite()


def test_high_quality_gives_more_gaussians_within_bounds(portrait: Portrait) -> None:
    few, many = (len(before_sharpening(portrait, BuildOptions(quality))) for quality in QUALITIES)
    assert few <= many <= 250_000
    assert few <= 120_000
