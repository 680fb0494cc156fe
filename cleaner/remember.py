"""Compiled rules, kept from one start to the next.

Making a language's rules ready takes a tenth of a second, longer than most texts
need. The result is plain data that depends on nothing but the rule files and this
package, so it is kept in the user's cache folder, under a name made from both. The
environment variable ``CLEANER_CACHE`` names another folder, or is ``off``.
Whatever goes wrong with the cache, the rules are compiled anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

ENVIRONMENT = "CLEANER_CACHE"
KEPT = 64
"""Files that are kept; when there are more the oldest go."""


def remembered(content: bytes, make: Callable[[], Any]) -> Any:
    """What `make` makes of `content`: from the cache if it is there, else made and put there.

    `make` must return what `marshal` can write: tuples, lists, dictionaries, strings, numbers.
    """
    folder = _folder()
    if folder is None:
        return make()
    path = folder / (hashlib.sha256(content + _package()).hexdigest()[:32] + ".tables")
    with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
        return marshal.loads(path.read_bytes())
    made = make()
    with contextlib.suppress(OSError, ValueError):
        _write(path, marshal.dumps(made))
    return made


def _folder() -> Path | None:
    named = os.environ.get(ENVIRONMENT)
    if named == "off":
        return None
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("cleaner")


@cache
def _package() -> bytes:
    """What changes when this package or the Python that runs it does."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    stamps = [(f.name, f.stat().st_mtime_ns, f.stat().st_size) for f in files]
    return repr((sys.version, marshal.version, stamps)).encode()


def _write(path: Path, data: bytes) -> None:
    """Write aside and rename, so that another process never reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.part")
    aside.write_bytes(data)
    os.replace(aside, path)
    kept = sorted(path.parent.glob("*.tables"), key=lambda f: f.stat().st_mtime_ns, reverse=True)
    for old in kept[KEPT:]:
        old.unlink(missing_ok=True)
