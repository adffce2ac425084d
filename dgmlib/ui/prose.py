"""The words of a page: ``pages/<name>.md``.

The file opens with ``key: value`` lines between two ``---`` (title, question, section) and
goes on with ``## `` parts. Inside the exercises a line ``Answer: ...`` is folded away.
"""

from functools import lru_cache
from typing import NamedTuple

from dgmlib.ui.spec import PAGES


class Prose(NamedTuple):
    title: str
    question: str
    section: str
    parts: dict[str, str]  # heading -> markdown, in order


@lru_cache(maxsize=64)
def read(name: str) -> Prose:
    """Raises ``ValueError`` when the front matter lacks title, question or section."""
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    _, front, body = text.split("---\n", 2)
    head = {k.strip(): v.strip() for k, _, v in (s.partition(":") for s in front.splitlines())}
    missing = {"title", "question", "section"} - head.keys()
    if missing:
        raise ValueError(f"pages/{name}.md: no {', '.join(sorted(missing))} in the front matter")
    parts: dict[str, str] = {}
    for block in ("\n" + body).split("\n## ")[1:]:
        heading, _, words = block.partition("\n")
        parts[heading.strip()] = words.strip()
    return Prose(head["title"], head["question"], head["section"], parts)


def theory(words: Prose) -> str:
    """All parts as one text, answers folded: a page of many elements is slow to redraw."""
    return "\n\n".join(
        f"## {heading}\n\n{exercises(text) if heading == 'Exercises' else text}"
        for heading, text in words.parts.items()
    )


def exercises(markdown: str) -> str:
    """Folds answers: what follows ``Answer:`` at the start of a line, up to the next ``###``."""
    found = []
    for block in ("\n" + markdown).split("\n### "):
        question, _, answer = block.partition("\nAnswer:")
        if question.strip():
            found.append(f"{question.strip()}\n\n{folded('Answer', answer.strip())}")
    return "\n\n".join(found)


def folded(title: str, markdown: str) -> str:
    """Markdown behind a title that opens it; empty when there is nothing to fold."""
    return f"<details><summary>{title}</summary>\n\n{markdown}\n\n</details>" if markdown else ""
