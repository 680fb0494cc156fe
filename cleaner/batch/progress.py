"""How far a long run is, shown on a terminal: documents, their rate, and the time that is left."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

_WIDTH = 80
"""Columns of a terminal that does not tell how many it has."""


def _width() -> dict[str, Any]:
    try:
        known = os.get_terminal_size(sys.stderr.fileno()).columns > 0
    except (OSError, ValueError):
        known = False
    return {"dynamic_ncols": True} if known else {"ncols": _WIDTH}


class Progress:
    """A line on standard error that tells how far a run is; nothing where that is no terminal."""

    def __init__(self, way: str, size: Callable[[], int]) -> None:
        """``way`` is ``auto``, ``always`` or ``never``; ``size`` tells the bytes of all inputs, 0 if they are not known."""
        self._bar: Any = None
        self._documents = 0
        if way == "always" or (way == "auto" and sys.stderr.isatty()):
            from tqdm import tqdm

            total = size()
            done = "{postfix[0]} documents, {postfix[1]} a second "
            shape = "{percentage:3.0f}%|{bar}| " + done + "[{elapsed}<{remaining}]" if total else done + "[{elapsed}]"
            self._bar = tqdm(total=total or None, bar_format=shape, postfix=["0", "?"], file=sys.stderr, mininterval=0.3, **_width())

    def went_on(self, size: int) -> None:
        """One more document, after so many bytes more of the inputs."""
        self._documents += 1
        if self._bar is not None:
            seconds = self._bar.format_dict["elapsed"]
            self._bar.postfix[0] = f"{self._documents:,}"
            self._bar.postfix[1] = f"{self._documents / seconds:,.1f}" if seconds else "?"
            self._bar.update(min(size, (self._bar.total or size) - self._bar.n) if self._bar.total else size)

    def say(self, message: str) -> None:
        """Write a line to standard error, above the line of progress."""
        if self._bar is not None:
            self._bar.write(message, file=sys.stderr)
        else:
            print(message, file=sys.stderr)

    def close(self) -> None:
        """Leave the line as it is."""
        if self._bar is not None:
            self._bar.close()
