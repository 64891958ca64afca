"""How many views a second data sets are made with: lifted and rendered heads, augmentation and writing included.

python benchmarks/dataset.py PORTRAITS [--size 256] [--identities 8] [--takes 12] [--workers 2]

Portraits are lifted before the clock starts: that happens once for each. Quiet machine, please.
"""

import argparse
import tempfile
from pathlib import Path

from studio.core.datasets.making import locally, make_dataset
from studio.core.datasets.pseudo_multiview import LiftedPortraits, chosen_pictures
from studio.core.datasets.rendered_heads import RenderedHeads
from studio.core.jobs import run


def timed(maker, folder: Path, workers: int) -> float:
    """Return views per second, from when every process has made its first shard until the last shard is there."""
    manifest = run(make_dataset(maker, folder, locally(workers)))
    done = sorted(path.stat().st_mtime_ns for path in (folder / "records").glob("*.json"))
    views = manifest["views"] / len(done) * (len(done) - workers)
    return views / ((done[-1] - done[workers - 1]) / 1e9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("portraits", type=Path)
    parser.add_argument("--size", type=int, default=256, choices=(128, 256))
    parser.add_argument("--identities", type=int, default=8)
    parser.add_argument("--takes", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures, avatars = chosen_pictures(options.portraits)[: options.identities], folder / "avatars"
        warm = LiftedPortraits(pictures, avatars, takes=1, views=1, size=options.size)
        run(make_dataset(warm, folder / "warm", locally(1)))
        lifted = LiftedPortraits(pictures, avatars, options.takes, 8, options.size)
        print(f"lifted   {timed(lifted, folder / 'lifted', options.workers):6.1f} views/s at {options.size} px")
        rendered = RenderedHeads(options.identities, options.takes, 8, options.size)
        print(f"rendered {timed(rendered, folder / 'rendered', options.workers):6.1f} views/s at {options.size} px")


if __name__ == "__main__":
    main()
