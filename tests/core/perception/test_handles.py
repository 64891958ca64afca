import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.heads.anatomy import IRIS, LOWER_LIP_INNER, UPPER_LIP_INNER, eye_centres, to_face
from studio.core.heads.template import mean_landmarks
from studio.core.jobs import run
from studio.core.perception.handles import (
    HANDLES,
    LIDS,
    Handles,
    fit_landmarks,
    guess_handles,
    handles_of,
    mesh_triangles,
)
from studio.core.perception.landmarks import find_faces
from studio.core.perception.portrait import prepare_portrait

WIDTH, HEIGHT = 500, 600
PX = 90.0  # one interocular distance in these tests' pictures

# A dog's head looking at the camera: wide-set small eyes, nose low, hardly a chin below a wide mouth.
DOG = Handles(
    {
        "eye_outer_right": (139, 213), "eye_inner_right": (184, 207), "eye_inner_left": (326, 216),
        "eye_outer_left": (371, 228), "nose_tip": (252, 298), "mouth_right": (152, 448), "mouth_left": (310, 455),
        "lip_upper": (243, 404), "lip_lower": (243, 408), "chin": (240, 440), "side_right": (92, 262),
        "side_left": (420, 275), "lid_upper_right": (160, 192), "lid_lower_right": (163, 226),
        "lid_upper_left": (346, 206), "lid_lower_left": (351, 236),
    }
)  # fmt: skip


def turned_mean(yaw: float = 0.0, roll: float = 0.0) -> NDArray[np.float64]:
    """Return the mean face seen from afar ``[478,3]`` px, turned by `yaw` and tilted by `roll` degrees."""
    face = to_face(mean_landmarks())
    a, b = np.radians([yaw, roll])
    x = face[:, 0] * np.cos(a) + face[:, 2] * np.sin(a)
    near = face[:, 2] * np.cos(a) - face[:, 0] * np.sin(a)
    y = face[:, 1]
    shown = np.column_stack([x * np.cos(b) - y * np.sin(b), x * np.sin(b) + y * np.cos(b), near.mean() - near])
    return shown * PX + [WIDTH / 2, HEIGHT / 2, 0]


def fit(handles: Handles) -> NDArray[np.float32]:
    return fit_landmarks(handles, WIDTH, HEIGHT)


def moved(**places: tuple[float, float]) -> Handles:
    """Return the mean face's handles with some shifted, in interocular distances."""
    mean = handles_of(turned_mean())
    return mean.moved({n: (mean.places[n][0] + PX * x, mean.places[n][1] + PX * y) for n, (x, y) in places.items()})


def miss(handles: Handles) -> float:
    """Return how far the fitted mesh is from the handle it misses most, px."""
    points, index = fit(handles), {**HANDLES, **LIDS}
    return max(float(np.abs(points[index[name], :2] - place).max()) for name, place in handles.places.items())


def nose_out(points: NDArray) -> float:
    """Return how far the nose stands in front of the eyes, in distances between them."""
    right, left = eye_centres(points)
    return float(((right + left)[2] / 2 - points[1, 2]) / np.linalg.norm(left - right))


@pytest.mark.parametrize(
    "handles", [guess_handles(WIDTH, HEIGHT), DOG, DOG.with_lids(False)], ids=["mean", "dog", "12"]
)
def test_every_handle_is_met(handles: Handles) -> None:
    assert miss(handles) < 0.01


def test_every_handle_is_met_wherever_it_is_pulled() -> None:
    rng = np.random.default_rng(0)
    mean = handles_of(turned_mean(20, 10))
    for _ in range(20):
        pulls: dict[str, Any] = {
            name: tuple(np.add(place, rng.uniform(-0.1, 0.1, 2) * PX)) for name, place in mean.places.items()
        }
        pulls["lip_lower"] = tuple(np.add(pulls["lip_upper"], [0, rng.uniform(0, 0.4) * PX]))
        assert miss(mean.moved(pulls)) < 0.01


@pytest.mark.parametrize("roll", [-60, 0, 25, 170])
@pytest.mark.parametrize("yaw", [-35, -10, 0, 20])
def test_turn_and_tilt_are_found(yaw: float, roll: float) -> None:
    truth = turned_mean(yaw, roll)
    found = fit(handles_of(truth))
    right, left = found[[33, 263]]
    assert np.degrees(np.arctan2((left - right)[2], np.linalg.norm((left - right)[:2]))) == pytest.approx(yaw, abs=2)
    np.testing.assert_allclose(found[:468], truth[:468], atol=0.07 * PX)


def test_a_real_face_comes_back_from_its_handles(bust: NDArray[np.float32]) -> None:
    truth = find_faces(np.round(bust * 255).astype(np.uint8))[0].landmarks
    found = fit_landmarks(handles_of(truth), bust.shape[1], bust.shape[0])
    unit = float(np.linalg.norm(np.subtract(*eye_centres(truth))))
    off = np.linalg.norm(found[:468, :2] - truth[:468, :2], axis=1) / unit
    assert off.mean() < 0.06
    assert off.max() < 0.3
    assert nose_out(found) == pytest.approx(nose_out(truth), abs=0.15)


def test_the_fit_does_not_depend_on_the_pictures_size() -> None:
    twice = fit_landmarks(DOG.scaled(2), 2 * WIDTH, 2 * HEIGHT)
    np.testing.assert_allclose(twice, 2 * fit(DOG), atol=0.02)


def test_a_human_face_has_no_muzzle_and_a_dogs_comes_forward() -> None:
    mean = handles_of(turned_mean())
    np.testing.assert_allclose(fit(mean), fit(mean.with_muzzle(0)), atol=0.01)
    assert nose_out(fit(DOG)) > nose_out(fit(DOG.with_muzzle(0))) + 0.2
    long = fit(mean.with_muzzle(0.8))
    assert nose_out(long) == pytest.approx(nose_out(fit(mean)) + 0.8, abs=0.1)
    assert long[13, 2] > long[1, 2]  # the lips stay behind the nose
    np.testing.assert_allclose(long[:, :2], fit(mean)[:, :2], atol=0.01)


@pytest.mark.parametrize(
    "places",
    [
        {"nose_tip": (0, 0.5), "lip_upper": (0, 0.4), "lip_lower": (0, 0.4), "chin": (0, 0.3)},
        {"mouth_right": (-0.5, 0), "mouth_left": (0.5, 0)},
        {**dict.fromkeys(["lip_upper", "lip_lower", "mouth_right", "mouth_left"], (0, 0.3)), "chin": (0, -0.2)},
    ],
    ids=["long nose", "wide mouth", "no chin"],
)  # fmt: skip
def test_what_tells_of_a_muzzle(places: dict[str, Any]) -> None:
    assert nose_out(fit(moved(**places))) > nose_out(fit(moved(**places).with_muzzle(0))) + 0.1


def test_an_open_mouth_opens_the_lips_and_nothing_else() -> None:
    shut, wide = fit(moved()), fit(moved(lip_lower=(0, 0.4), chin=(0, 0.25)))
    for points in (shut, wide):
        assert (points[LOWER_LIP_INNER, 1] - points[UPPER_LIP_INNER, 1] > -0.02 * PX).all()
    gap = wide[LOWER_LIP_INNER, 1] - wide[UPPER_LIP_INNER, 1]
    assert gap[5] == pytest.approx(0.4 * PX, abs=0.03 * PX)
    assert (gap[2:9] > 0.15 * PX).all()
    upper_face = to_face(mean_landmarks())[:, 1] < 0.4
    assert np.abs(wide - shut)[upper_face, :2].max() < 0.1 * PX


def test_without_lids_eyes_keep_human_proportions_and_with_them_become_round() -> None:
    narrow = fit(DOG.with_lids(False))
    widths = [np.linalg.norm(narrow[a, :2] - narrow[b, :2]) for a, b in ((33, 133), (362, 263))]
    heights = [np.linalg.norm(narrow[a, :2] - narrow[b, :2]) for a, b in ((159, 145), (386, 374))]
    mean = turned_mean()
    human = np.linalg.norm(mean[159, :2] - mean[145, :2]) / np.linalg.norm(mean[33, :2] - mean[133, :2])
    np.testing.assert_allclose(np.divide(heights, widths), human, rtol=0.02)
    for points in (narrow, fit(DOG)):
        for ring in IRIS.values():
            radii = np.linalg.norm(points[ring[1:], :2] - points[ring[0], :2], axis=1)
            np.testing.assert_allclose(radii, radii[0], rtol=1e-3)
    assert DOG.lids
    assert DOG.with_lids(True).places.keys() == DOG.places.keys()


@pytest.mark.parametrize("handles", [DOG, handles_of(turned_mean(25)), guess_handles(WIDTH, HEIGHT)])
def test_what_good_handles_give_is_a_portrait(handles: Handles) -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)
    portrait = run(prepare_portrait(grey, landmarks=fit(handles)))
    np.testing.assert_allclose(portrait.landmarks / portrait.scale, fit(handles), atol=0.5)


def test_the_guess_is_a_face_in_the_middle() -> None:
    places = np.array(list(guess_handles(400, 300).places.values()))
    assert (places > 0).all()
    assert (places < [400, 300]).all()
    np.testing.assert_allclose(places[:, 0].mean(), 200, atol=1)
    assert np.ptp(places[:, 1]) > 0.25 * 300


def test_the_triangles_cover_the_skin_once() -> None:
    face, triangles = to_face(mean_landmarks())[:, :2], mesh_triangles()
    assert set(triangles.ravel()) == set(range(468))
    a, b, c = (face[triangles[:, k]] for k in range(3))
    assert np.abs(np.cross(b - a, c - a)).sum() / 2 == pytest.approx(np.ptp(face[:, 0]) * np.ptp(face[:, 1]), rel=0.3)


def test_handles_survive_json() -> None:
    for handles in (DOG, DOG.with_lids(False).with_muzzle(0.5)):
        assert Handles.from_json(json.loads(json.dumps(handles.to_json()))) == handles


MEAN = handles_of(turned_mean())


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        ({}, "handles eye_outer_right, eye_inner_right.* must be placed too"),
        ({k: v for k, v in MEAN.places.items() if k != "chin"}, "The handle chin must be placed too; add them"),
        ({**MEAN.places, "lid_upper_left": (1, 1)}, "lid_upper_right.* must be placed too"),
        ({**MEAN.places, "tail": (1, 1)}, "no handle 'tail'; the handles are: eye_outer_right"),
        *(({**MEAN.places, "chin": bad}, "chin is no point; give it as")
          for bad in (None, 3, "ab", [1], [1, 2, 3], [1, None], [np.nan, 1], [1e9, 1], ["x", 1], {})),
    ],
)  # fmt: skip
def test_what_is_no_set_of_handles_is_refused(places: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Handles(places)


@pytest.mark.parametrize("muzzle", [-0.1, 2, "long", True, float("nan"), [1]])
def test_an_impossible_muzzle_is_refused(muzzle: Any) -> None:
    with pytest.raises(UserError, match=r"muzzle must be a number from 0 to 1\.5; leave it out"):
        Handles(MEAN.places, muzzle)


def swapped(a: str, b: str) -> dict[str, Any]:
    return {a: MEAN.places[b], b: MEAN.places[a]}


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        ({"chin": (250, 700)}, "chin lies outside the picture; move it"),
        ({"chin": (-5, 300)}, "chin lies outside the picture; move it"),
        ({"nose_tip": MEAN.places["chin"]}, "nose_tip and chin lie on one spot; move them apart"),
        (dict.fromkeys(MEAN.places, (250.0, 300.0)), "lie on one spot"),
        (swapped("eye_outer_right", "eye_inner_right"), "eye_outer_right and eye_inner_right are crossed; swap"),
        (swapped("eye_inner_left", "eye_inner_right"), "eye_inner_right and eye_inner_left are crossed"),
        (swapped("mouth_right", "mouth_left"), "mouth_right and mouth_left are crossed"),
        ({name: MEAN.places[name.replace("right", "#").replace("left", "right").replace("#", "left")]
          for name in MEAN.places}, "Right and left are swapped"),
        ({"nose_tip": (250, 420)}, "lip_upper must lie below nose_tip"),
        ({"chin": (250, 365)}, "chin must lie below lip_upper"),
        ({"lip_lower": (250, MEAN.places["lip_upper"][1] - 20)}, "lip_lower must not lie above"),
        ({"side_right": (242, 340)}, "move side_right and side_left further out"),
    ],
)  # fmt: skip
def test_handles_that_are_no_face_are_refused(places: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as caught:
        fit(MEAN.moved(places))
    assert str(caught.value).count(".") == 1


def test_lids_upside_down_are_refused() -> None:
    round_eyes = MEAN.with_lids(True)
    a, b = "lid_upper_left", "lid_lower_left"
    with pytest.raises(UserError, match="lid_lower_left must lie below lid_upper_left"):
        fit(round_eyes.moved({a: round_eyes.places[b], b: round_eyes.places[a]}))


def test_a_face_folded_over_itself_is_refused() -> None:
    low = {"eye_inner_right": (0.1, 1.4), "eye_inner_left": (-0.1, 1.4)}
    with pytest.raises(UserError, match="fold the face over itself; move"):
        fit(moved(**low))
