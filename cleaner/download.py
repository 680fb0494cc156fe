"""A URL → the bytes of its page, by trafilatura's downloader, with limits on size and time."""

from __future__ import annotations

import copy
import logging
import re
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

LARGEST = 20_000_000
"""Bytes beyond which a page is given up."""
LONGEST = 60.0
"""Seconds beyond which it is given up, however slowly it still comes."""
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)


class DownloadError(OSError):
    """A page that could not be had: the message says why."""


@dataclass(frozen=True, slots=True)
class Download:
    """What a server sent: the bytes, the URL after redirects, and the encoding that its header names."""

    data: bytes
    url: str
    encoding: str | None


def is_url(name: str) -> bool:
    """Whether a name is a URL of any kind, and not a path."""
    return "://" in name and len(urlsplit(name).scheme) > 1


def download(url: str, *, largest: int = LARGEST, longest: float = LONGEST) -> Download:
    """Get a page. Only http and https. Raises DownloadError, with the reason."""
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise DownloadError(f"only http and https can be downloaded, not {parts.scheme or 'nothing'}")
    from trafilatura import downloads
    from trafilatura.settings import DEFAULT_CONFIG

    config = copy.deepcopy(DEFAULT_CONFIG)
    # The user names the address, local ones too, and wants no page from a server that cannot prove its name.
    limits = {"MAX_FILE_SIZE": str(largest), "DOWNLOAD_TIMEOUT": str(max(1, int(longest / 2)))}
    config.read_dict({"DEFAULT": limits | {"SSRF_PROTECTION": "off", "INSECURE_SSL_FALLBACK": "off"}})
    reasons = _Reasons()
    logger = logging.getLogger("trafilatura.downloads")
    logger.addHandler(reasons)
    found: list[Any] = []
    worker = threading.Thread(target=lambda: found.append(downloads.fetch_response(url, config=config)), daemon=True)
    try:
        worker.start()
        worker.join(longest)
    finally:
        logger.removeHandler(reasons)
    if worker.is_alive():
        raise DownloadError(f"no whole page within {longest:g} s")
    response = found[0] if found else None
    if response is None:
        raise DownloadError(reasons.last or "no answer")
    if response.status >= 400:
        raise DownloadError(f"the server answers {response.status}")
    if not response.data:
        raise DownloadError(f"an empty answer, or one of more than {largest} bytes")
    charset = _CHARSET.search((response.headers or {}).get("content-type", ""))
    return Download(response.data, response.url or url, charset[1] if charset else None)


class _Reasons(logging.Handler):
    """Keeps what the downloader logs, which is the only place where it says why it failed."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            self.last = re.sub(r"^download error: \S+ ", "", record.getMessage())
