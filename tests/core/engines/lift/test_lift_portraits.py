"""Real portraits: every one with a face is rebuilt, and turns as far as it is asked to."""

from pathlib import Path

import numpy as np
import pytest
from lift_trials import build, found_yaw, from_side, psnr

from studio.core.avatar import render_frame
from studio.core.errors import UserError
from studio.core.framing import portrait_camera
from studio.core.jobs import run
from studio.core.media.image import load_picture
from studio.core.motion.motion import Motion
from studio.core.perception.masks import resized
from studio.core.perception.portrait import FacesFoundError, Portrait, prepare_portrait

pytestmark = pytest.mark.slow

REST = Motion.neutral()
# Photographs and stylised heads that look at the camera; one looks over her shoulder, the rest of the folder is
# animals and pictures to refuse.
FRONTAL = ["p01", "p02", "p03", "p04", "p06", "p07", "p08", "p10", "p11", "p12"]
WITH_FACE = [*FRONTAL, "p05", "p09", "p15", "p16"]


def prepared(shared_data: Path, number: str) -> Portrait:
    (path,) = (shared_data / "portraits").glob(f"{number}_*")
    picture = load_picture(path)
    try:
        return run(prepare_portrait(picture.rgb, picture.alpha, name=number))
    except FacesFoundError:
        return run(prepare_portrait(picture.rgb, picture.alpha, face=1, name=number))


@pytest.mark.parametrize("number", WITH_FACE)
def test_a_portrait_is_rebuilt(shared_data: Path, number: str) -> None:
    portrait = prepared(shared_data, number)
    avatar = build(portrait)
    # At the size `view` writes; a picture of a whole body holds more detail than that.
    camera = portrait_camera(avatar, 512)
    wanted, weight, plate = (
        resized(picture, camera.width, camera.height) for picture in (portrait.rgb, portrait.alpha, portrait.plate)
    )
    frame = render_frame(avatar, REST, camera)
    assert psnr(frame, wanted, weight) >= 32
    clear = render_frame(avatar, REST, camera, "transparent")
    color, alpha = clear[..., :3], clear[..., 3:]
    assert psnr(alpha * color + (1 - alpha) * plate, wanted, weight) >= 32
    frame = render_frame(avatar, REST, avatar.camera)
    assert psnr(frame, portrait.rgb, portrait.alpha) >= 30
    if number in FRONTAL:
        own = found_yaw(frame, avatar.camera)
        for yaw in (-30, 30):
            camera = from_side(avatar, yaw)
            assert found_yaw(render_frame(avatar, REST, camera), camera) - own == pytest.approx(yaw, abs=7)
    everything = Motion.from_frames("arkit", np.zeros(1), np.ones((1, 52)))
    avatar.pose(everything, avatar.camera).check_finite()


def test_two_people_are_asked_about(shared_data: Path) -> None:
    (path,) = (shared_data / "portraits").glob("p15_*")
    with pytest.raises(FacesFoundError) as caught:
        run(prepare_portrait(load_picture(path).rgb))
    assert len(caught.value.boxes) == 2


def test_a_cup_of_coffee_is_refused(shared_data: Path) -> None:
    with pytest.raises(UserError, match="No face was found"):
        prepared(shared_data, "p17")
