"""Make the data, train, and export the speech network; README.md beside this file has the commands."""

import argparse
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.train_speech", description=__doc__)
    commands = parser.add_subparsers(required=True)

    make = commands.add_parser("shards", help="synthesise speech and write shards")
    make.add_argument("folder", type=Path)
    make.add_argument("source", choices=("espeak", "flite", "festival", "kokoro"))
    make.add_argument("--seeds", type=int, nargs=2, metavar=("FIRST", "LAST"), default=(0, 9))
    make.add_argument("--minutes", type=float, default=10, help="of speech in each shard")
    make.set_defaults(run=_shards)

    train = commands.add_parser("train", help="train, or go on training, a network")
    train.add_argument("shards", type=Path)
    train.add_argument("checkpoint", type=Path, help="written every few minutes; read first where it exists")
    train.add_argument("--steps", type=int, default=20000, help="in all; may be changed when going on")
    train.add_argument("--start", type=Path, help="weights of a live network (safetensors) to begin with")
    train.add_argument("--recording", action="store_true", help="train the network for recordings on top of --start")
    train.add_argument("--seed", type=int, default=0)
    train.set_defaults(run=_train)

    export = commands.add_parser("export", help="put a checkpoint's weights into assets/")
    export.add_argument("checkpoint", type=Path)
    export.add_argument(
        "--closures", type=float, nargs="+", default=[0.5], metavar="P", help="threshold of `close`, for each head"
    )
    export.add_argument("--note", default="", help="for the manifest: what the weights began with")
    export.set_defaults(run=_export)

    voice = commands.add_parser("voice", help="learn to tell a voice from music, and put that into assets/")
    voice.add_argument("shards", type=Path)
    voice.add_argument("--seed", type=int, default=0)
    voice.set_defaults(run=_voice)

    jaw = commands.add_parser("jaw", help="teach the shipped network how open vowels are, and put that into assets/")
    jaw.add_argument("shards", type=Path)
    jaw.add_argument("--seed", type=int, default=0)
    jaw.set_defaults(run=_jaw)

    average = commands.add_parser("average", help="say how far the average speaker opens and shuts the mouth")
    average.add_argument("shards", type=Path)
    average.set_defaults(run=_average)

    lips = commands.add_parser("lips", help="say which clips' lips agree with their sound, and write those as a shard")
    lips.add_argument("clips", type=Path, help="folder of clips, one talking face each")
    lips.add_argument("--shard", type=Path, help="to write, named lips-….npz: train on it beside the others")
    lips.set_defaults(run=_lips)

    arguments = parser.parse_args()
    arguments.run(arguments)


def _shards(arguments: argparse.Namespace) -> None:
    from .voices import make_shard

    arguments.folder.mkdir(parents=True, exist_ok=True)
    first, last = arguments.seeds
    for seed in range(first, last + 1):
        print(make_shard(arguments.source, seed, arguments.minutes, arguments.folder), flush=True)


def _train(arguments: argparse.Namespace) -> None:
    from .train import Plan, train

    train(
        Plan(
            arguments.checkpoint,
            arguments.shards,
            arguments.steps,
            arguments.start,
            arguments.recording,
            seed=arguments.seed,
        )
    )


def _export(arguments: argparse.Namespace) -> None:
    from .export import export

    print(export(arguments.checkpoint, arguments.closures, arguments.note))


def _voice(arguments: argparse.Namespace) -> None:
    from studio.core.speech.network import VOICE_WEIGHTS

    from .export import write
    from .voice_or_music import PIECES, ROWS, learn

    how = f"python -m tools.train_speech (README there), {ROWS} rows, by L-BFGS"
    beside = f" Music: {PIECES} pieces made by rule (music.py)."
    print(write(VOICE_WEIGHTS, learn(arguments.shards, arguments.seed), how, beside))


def _jaw(arguments: argparse.Namespace) -> None:
    from .jaw import ship

    print(ship(arguments.shards, arguments.seed))


def _average(arguments: argparse.Namespace) -> None:
    from .average_speaker import ranges

    for source, (count, (low, high, peak)) in ranges(arguments.shards).items():
        print(f"{source:9} {count:4} speakers: jaw {low:.2f} to {high:.2f}, closures {peak:.2f}")


def _lips(arguments: argparse.Namespace) -> None:
    from .lips import survey

    survey(arguments.clips, arguments.shard)


if __name__ == "__main__":
    main()
