"""Personalisation: what other pictures of the same head teach, and what they may not spoil."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from studio.core.avatar import render_bytes
from studio.core.engines.base import Footage, Learning
from studio.core.engines.lift import personal
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.correctives import Mixer
from studio.core.engines.lift.engine import LiftEngine
from studio.core.engines.lift.personal_fit import Fitting
from studio.core.jobs import Progress, run
from studio.core.motion.track import Track
from studio.core.tracking.retarget import Retarget


def footage_of(avatar: LiftAvatar, track: Track) -> Footage:
    """Film an avatar."""
    box = np.round(avatar.head_box).astype(np.int64)
    retarget = Retarget(avatar, track, "video")
    height, width = retarget.camera.height, retarget.camera.width
    width, height = retarget.camera.width, retarget.camera.height
    frames, mattes = [], []
    for time in track.motion.times:
        shot = retarget.at(float(time))
        frames.append(render_bytes(avatar, shot.motion, shot.camera)[..., :3])
        mattes.append(render_bytes(avatar, shot.motion, shot.camera, "transparent")[..., 3])
    return Footage(
        np.stack(frames), np.stack(mattes), track.motion.times,
        np.tile(np.clip(box, 0, [width, height] * 2), (len(frames), 1)), np.arange(len(frames)) % 4 == 2, track,
        (0.0, 0.0, float(track.width), float(track.height)), True,
    )  # fmt: skip


def test_a_clip_of_a_redder_head_is_learnt(
    small_avatar: LiftAvatar, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal, "STEPS", 24)
    monkeypatch.setattr(personal, "JOINT_STEPS", 3)
    monkeypatch.setattr(personal, "_JUDGED_EVERY", 12)
    redder = np.clip(small_avatar.surfels.colors * [1.2, 0.8, 0.8], 0, 1).astype(np.float32)
    footage = footage_of(small_avatar.with_colors(redder), track)
    reports: list[Progress] = []
    better = run(LiftEngine().adapt(small_avatar, footage, minutes=5), reports.append)
    last = next(r.preview for r in reversed(reports) if r.preview is not None)
    assert isinstance(last, Learning)
    assert last.now > last.before + 2
    assert isinstance(better, LiftAvatar)
    # It is the better one in use too: saved, read and driven by the same track.
    again = LiftAvatar.from_state(better.state())
    assert judged(again, footage) == pytest.approx(last.now, abs=0.5)
    assert not np.array_equal(again.surfels.colors, small_avatar.surfels.colors)
    assert again.correctives is not None
    assert len(again.correctives.mixer.hidden) > 0
    begun = Mixer.straight(len(again.correctives.basis), again.correctives.table.shape[1], 16).mixing
    assert np.abs(again.correctives.mixer.mixing - begun).max() > 1e-3
    assert small_avatar.correctives is None


def test_a_head_that_shows_the_clip_already_comes_back_as_it_is(
    small_avatar: LiftAvatar, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal, "STEPS", 3)
    assert run(LiftEngine().adapt(small_avatar, footage_of(small_avatar, track), minutes=5)) is small_avatar


def test_a_stopped_job_goes_on_where_it_was(
    small_avatar: LiftAvatar, track: Track, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(personal, "STEPS", 8)
    monkeypatch.setattr(personal, "JOINT_STEPS", 0)
    monkeypatch.setattr(personal, "_JUDGED_EVERY", 4)
    darker = (small_avatar.surfels.colors * np.float32(0.8)).astype(np.float32)
    footage, kept = footage_of(small_avatar.with_colors(darker), track), tmp_path / "job.learning"
    job = LiftEngine().adapt(small_avatar, footage, minutes=5, kept_in=kept)
    stopped = next(report.preview for report in job if report.preview is not None)
    job.close()
    reports: list[Progress] = []
    run(LiftEngine().adapt(small_avatar, footage, minutes=5, kept_in=kept), reports.append)
    assert any("where it stopped" in report.message for report in reports)
    ahead = [report.preview.now for report in reports if report.preview is not None]
    assert len(ahead) < 3  # the first half was not done again
    assert ahead[-1] > stopped.now > stopped.before
    # Another clip has nothing to go on from.
    other = replace(footage, frames=footage.frames[:, ::-1].copy())
    following = LiftEngine().adapt(small_avatar, other, minutes=5, kept_in=kept)
    assert "stopped" not in " ".join(report.message for report in islice(following, 4))
    following.close()


def test_a_frame_that_was_tracked_wrongly_is_placed_where_its_head_is(small_avatar: LiftAvatar, track: Track) -> None:
    frames = footage_of(small_avatar, track)
    wrong = replace(track, placement=track.placement + [0.02, -0.02, 0.02, 0.001, -0.001, 0])
    retarget = Retarget(small_avatar, wrong, "video")
    shots = list(retarget.shots(frames.times))
    fit, other = (Fitting(small_avatar, replace(frames, track=wrong), retarget, shots) for _ in range(2))
    one = np.array([5])
    before = fit.score(one)
    assert not fit.corrected
    fit.place(5)
    assert fit.score(one) > before + 0.5
    other.restore(fit.snapshot())
    assert other.corrected
    assert other.score(one) == pytest.approx(fit.score(one), abs=0.01)


def judged(avatar: LiftAvatar, footage: Footage) -> float:
    """Return how near in dB an avatar comes to the frames held back, driven as anybody drives it."""
    retarget = Retarget(avatar, footage.track, "video")
    closeness = []
    for i in np.flatnonzero(footage.held_back):
        shot, (x0, y0, x1, y1) = retarget.at(float(footage.times[i])), footage.heads[i]
        made = render_bytes(avatar, shot.motion, shot.camera)[y0:y1, x0:x1, :3].astype(np.float64)
        closeness.append(-10 * np.log10(((made - footage.frames[i, y0:y1, x0:x1]) ** 2).mean() / 255**2))
    return float(np.mean(closeness))
