"""The commands that need no training: ``list``, ``pull`` and ``publish``."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dgmlib.checkpoints import card, hub, store
from dgmlib.checkpoints.store import CheckpointError, Loaded


def add_parsers(commands: Any) -> None:
    """Adds the three commands; each sets ``run``, a function of the arguments to an exit code."""
    about = "the checkpoints: size, first score, where they are, and whether they are whole"
    listed = commands.add_parser("list", help=about)
    listed.set_defaults(run=list_all)

    about = f"download checkpoints of {hub.VARIABLE} into the Hub's cache, and check them"
    pull = commands.add_parser("pull", help=about)
    pull.add_argument("names", nargs="*", metavar="NAME", help="all of the pinned commit if none")
    pull.add_argument("--seconds", type=float, default=600.0, help="the longest for each of them")
    pull.set_defaults(run=pull_all)

    about = "put checkpoints on the Hub, in one commit: weights, card, README, licence"
    publish = commands.add_parser("publish", help=about)
    publish.add_argument("names", nargs="+", metavar="NAME")
    publish.add_argument("--repo", required=True, help="owner/name; it is made if there is none")
    publish.add_argument("--revision", default="main", help="the branch; made if there is none")
    publish.add_argument("--private", action="store_true", help="if it has to be made")
    publish.add_argument("--folder", type=Path, default=None, help="with weights and cards")
    publish.add_argument("--seconds", type=float, default=900.0, help="the longest it may take")
    publish.set_defaults(run=publish_all)


def list_all(args: argparse.Namespace) -> int:
    """Prints a row for every card that is bundled and every recipe that has none yet."""
    rows, wrong = [], 0
    found = _here(sorted({*store.names(), *_recipes()}))
    for name, there in found.items():
        if isinstance(there, Loaded):
            facts = there.card
            size = f"{facts['bytes'] / 1e6:.2f} MB"
            rows.append([name, size, _score(facts), there.origin, "yes"])
        else:
            absent = isinstance(there, store.Absent)
            wrong += not absent
            rows.append([name, "", "", *(["absent", ""] if absent else ["damaged", str(there)])])
    _table(["name", "size", "score", "where", "whole"], rows)
    return 1 if wrong else 0


def pull_all(args: argparse.Namespace) -> int:
    """Downloads and checks; the exit code is 1 if any could not be had."""
    pin = hub.pin()
    if pin is None:
        raise CheckpointError(f"{hub.VARIABLE} is not set; set it to owner/name@commit")
    names = args.names or hub.listing(pin, seconds=args.seconds)
    if not names:
        raise CheckpointError(f"{pin.repo} has no checkpoints at {pin.commit[:8]}")
    rows, wrong = [], 0
    for name in names:
        try:
            found = store.from_hub(name, seconds=args.seconds)
        except ValueError as error:
            rows.append([name, "", "", str(error)])
            wrong += 1
            continue
        note = found.told or "yes"
        wrong += bool(found.told)  # what could not be kept was not pulled
        rows.append([name, f"{found.card['bytes'] / 1e6:.2f} MB", found.origin, note])
    _table(["name", "size", "from", "whole"], rows)
    return 1 if wrong else 0


def publish_all(args: argparse.Namespace) -> int:
    """Checks every file here first; then one commit with all of them, or none."""
    folder = args.folder or store.FOLDER
    files: dict[str, Path] = {}
    for name in args.names:
        store.bundled(name, folder)  # what is not whole is not published
        for end in (".safetensors", ".json"):
            files[f"{name}{end}"] = folder / f"{name}{end}"
    licence = Path(__file__).resolve().parents[2] / "LICENSE"
    if licence.is_file():
        files["LICENSE"] = licence
    commit = hub.publish(
        args.repo, files, branch=args.revision, private=args.private, seconds=args.seconds
    )
    _say(f"published {', '.join(args.names)}; to load exactly this:")
    _say(f"{hub.VARIABLE}={args.repo}@{commit}")
    return 0


def _here(names: list[str]) -> dict[str, Loaded | CheckpointError]:
    """The bundled file, or the cached one where none is bundled; no network is asked."""
    found: dict[str, Loaded | CheckpointError] = {}
    for name in names:
        try:
            found[name] = store.bundled(name)
        except CheckpointError as error:
            found[name] = error
    absent = [name for name, there in found.items() if isinstance(there, store.Absent)]
    return found | (store.cached(absent) if absent and hub.setting() else {})


def _recipes() -> Iterable[str]:
    from dgmlib.checkpoints.recipes import RECIPES

    return RECIPES


def _score(facts: card.Card) -> str:
    if not facts["scores"]:
        return ""
    score = facts["scores"][0]
    error = "" if score.get("error") is None else f" ± {score['error']:g}"
    return f"{score['name']} {score['value']:g}{error} {score['unit']}"


def _table(head: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        _say("  ".join(cells).rstrip())


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
