"""``python -m dgmlib.checkpoints``: train, evaluate, list, publish and pull checkpoints."""

import argparse
import sys
from pathlib import Path

from dgmlib.checkpoints import commands_hub, store


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dgmlib.checkpoints", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    train = commands.add_parser(
        "train", help="train, measure and write checkpoints; goes on after a kill"
    )
    train.add_argument("names", nargs="+", metavar="NAME")
    train.add_argument("--device", default="auto", help="cpu, cuda or mps; else the best there is")
    train.add_argument("--minutes", type=float, help="stop after so many; the same command goes on")
    train.add_argument("--fresh", action="store_true", help="forget an unfinished run")
    train.add_argument("--folder", type=Path, default=store.FOLDER, help="for weights and card")
    train.set_defaults(run=_train)
    evaluate = commands.add_parser(
        "evaluate", help="measure written weights anew, beside their card"
    )
    evaluate.add_argument("names", nargs="+", metavar="NAME")
    evaluate.add_argument("--device", default="auto")
    evaluate.add_argument("--images", type=int, help="only the first so many test images")
    evaluate.add_argument("--folder", type=Path, default=store.FOLDER)
    evaluate.set_defaults(run=_evaluate)
    commands_hub.add_parsers(commands)
    args = parser.parse_args(argv)
    try:
        return args.run(args)
    except (ValueError, FileNotFoundError, FloatingPointError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _train(args: argparse.Namespace) -> int:
    from dgmlib.checkpoints import making

    finished = [
        making.train(
            _recipe(name), args.folder, device=args.device, minutes=args.minutes,
            fresh=args.fresh, say=_say,
        )
        for name in args.names
    ]  # fmt: skip
    return 0 if all(finished) else 3


def _evaluate(args: argparse.Namespace) -> int:
    from dgmlib.checkpoints import card, making

    for name in args.names:
        recipe = _recipe(name)
        claimed = {s["name"]: s for s in card.read(args.folder / f"{name}.json")["scores"]}
        scores = making.evaluate(recipe, args.folder, device=args.device, limit=args.images)
        for score in scores:
            beside = claimed.get(score["name"])
            _say(making.line(score) + (f"  [card: {beside['value']:g}]" if beside else ""))
    return 0


def _recipe(name: str):
    from dgmlib.checkpoints.recipes import RECIPES

    if name not in RECIPES:
        raise ValueError(f"there is no recipe {name!r}; there are {', '.join(RECIPES)}")
    return RECIPES[name]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
