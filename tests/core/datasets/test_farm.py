"""A Ray cluster that loses a worker midway still makes every shard, the same as this machine would."""

import json
import os
import sys
import warnings
from pathlib import Path

import pytest
from dots import Dots

from studio.core.datasets.farm import made_on_ray
from studio.core.datasets.making import locally, make_dataset
from studio.core.jobs import run

pytestmark = pytest.mark.slow


def test_a_killed_worker_costs_nothing_but_time(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    maker = Dots(people=8, dying="dots-p3", scratch=scratch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ray's own
        here = {"env_vars": {"PYTHONPATH": os.pathsep.join(sys.path)}}  # workers must find dots.py
        ray.init(num_cpus=2, log_to_driver=False, include_dashboard=False, runtime_env=here)
        try:
            manifest = run(make_dataset(maker, tmp_path / "farm", made_on_ray))
        finally:
            ray.shutdown()
    assert (scratch / "died").exists()
    made = dict(line.split() for line in (scratch / "made").read_text().splitlines())
    assert set(made) == {plan.name for plan in maker.plans()}
    assert made["dots-p3"] != (scratch / "died").read_text()
    alone = run(make_dataset(Dots(people=8), tmp_path / "alone", locally(1)))
    assert json.dumps(manifest) == json.dumps(alone)
