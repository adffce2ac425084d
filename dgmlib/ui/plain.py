"""Text that a reader or a link supplied, made safe to show inside Markdown."""

import re

LONGEST = 160  # characters of one message

_SPECIAL = re.compile(r"([\\`*_\[\]<>$~:#|!])")


def plain(text: object) -> str:
    """Shortened, on one line, with everything that Markdown would act upon escaped."""
    words = " ".join(str(text).split())
    if len(words) > LONGEST:
        words = f"{words[:LONGEST]}…"
    return _SPECIAL.sub(r"\\\1", words)
