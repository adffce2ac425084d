"""What the Hub shows of a repository of checkpoints: its README, made of their cards.

Reference:
    Model cards (the Hub's documentation) https://huggingface.co/docs/hub/model-cards
"""

import json
from collections.abc import Iterable
from typing import Any

Card = dict[str, Any]


def readme(*cards: Card) -> str:
    """The Hub's model card of a repository that holds these checkpoints, in Markdown."""
    if not cards:
        raise ValueError("a model card needs the card of at least one checkpoint")
    licences = sorted({card["licence"].lower() for card in cards})
    families = sorted({card["family"] for card in cards})
    front = {
        "license": licences[0] if len(licences) == 1 else "other",
        "library_name": "dgmlib",
        "tags": ["dgmlib", "generative-model", *families],
    }
    lines = ["---", *(f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in front.items())]
    lines += ["---", "", "# Checkpoints of DGM Lab", "", *_index(cards)]
    lines += ["```python", "from dgmlib.checkpoints import load", ""]
    lines += [f'model = load("{cards[0]["name"]}")  # .weights: name -> array, .card, .origin']
    lines += ["```", "", "Set `DGM_CHECKPOINT_REPO=owner/name@commit` to load from a repository."]
    for card in cards:
        lines += _section(card)
    return "\n".join(lines) + "\n"


def _index(cards: Iterable[Card]) -> list[str]:
    rows = [f"| {c['name']} | {_cell(c['about'])} | {c['bytes'] / 1e6:.2f} MB |" for c in cards]
    return ["| name | what it is | size |", "|---|---|---|", *rows, ""]


def _section(card: Card) -> list[str]:
    """One checkpoint: what it was trained on and how, and its scores with their protocols."""
    data, training = card["data"], card["training"]
    lines = ["", f"## {card['name']}", "", card["about"], ""]
    lines += [
        f"- {card['parameters']:,} parameters, {card['dtype']}, sha256 `{card['sha256']}`",
        f"- Data: {data['name']} ({data['source']}); {data['train']:,} for training, "
        f"{data['test']:,} held out",
        f"- Training: seed {training['seed']}, {training['steps']:,} steps, "
        f"{training['minutes']:g} minutes on {training['device']}, PyTorch {training['torch']}",
        f"- Settings: `{json.dumps(card['settings'], ensure_ascii=False)}`",
        f"- Licence: {card['licence']}",
        "",
        "| score | value | published | protocol |",
        "|---|---|---|---|",
    ]
    for s in card["scores"]:
        error = "" if s.get("error") is None else f" ± {s['error']:g}"
        beside = "" if s.get("published") is None else f"{s['published']:g}, {s['reference']}"
        cells = [s["name"], f"{s['value']:g}{error} {s['unit']}", beside, s["protocol"]]
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return lines


def _cell(text: str) -> str:
    """Text that stays in its cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")
