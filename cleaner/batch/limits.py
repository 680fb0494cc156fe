"""What one document may use, and what is said of one that used more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may use."""

    seconds: float = 60.0
    """Of wall time; 0 for no limit."""
    megabytes: int = 2048
    """Of memory beyond what the rules take; 0 for no limit. Needs Linux."""


class Broken(Exception):
    """What became of an item that no result could be had of. ``kind`` goes into the error record."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
