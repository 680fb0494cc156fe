"""Which rule files there are, and which of them apply to a site.

Rules come from folders, each with ``common.txt``, ``lang/*.txt`` and
``site/*.txt``: the folder shipped with the package, then the platform's
configuration folder, those of ``CLEANER_RULES``, and those the caller names. A
file adds to the files of the same place in earlier folders; a rule with the
full id of an earlier one replaces it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from cleaner.model import Problem, Rule, RuleError, Signs, Source
from cleaner.rulefile import SELECTOR_KEYS, RuleFile, parse

ENVIRONMENT = "CLEANER_RULES"
"""Environment variable with more rule folders, separated like ``PATH``."""


def shipped() -> Path:
    """The folder of the rules that come with the package (wheel or editable install)."""
    inside = Path(__file__).parent / "rules"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "rules"


def user_folders() -> list[Path]:
    """The user's own rule folders that exist: configuration folder, then the environment variable."""
    from platformdirs import user_config_path

    config = user_config_path("cleaner") / "rules"
    named = [Path(p) for p in os.environ.get(ENVIRONMENT, "").split(os.pathsep) if p]
    return [*([config] if config.is_dir() else []), *named]


def host_of(url: str) -> str:
    """The host of a URL, lower case, without ``www.``; empty if it has none."""
    try:
        host = urlsplit(url if "//" in url else "//" + url).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


@dataclass(frozen=True)
class Catalog:
    """All rule files that there are, in the order of their folders, each read when first needed."""

    paths: tuple[tuple[str, str, bool], ...]
    """Path, place, and whether the file is a shipped one, which has passed the checker."""
    problems: tuple[Problem, ...] = ()
    """Faults of the folders themselves."""

    @cached_property
    def files(self) -> tuple[RuleFile, ...]:
        """All files, read."""
        return tuple(_read(*entry) for entry in self.paths)

    def at(self, *places: str) -> list[RuleFile]:
        """The files of these places."""
        return [_read(*entry) for entry in self.paths if entry[1] in places]

    def rules(self, *places: str) -> list[Rule]:
        """The rules of these places, or of all; those of later folders replace earlier ones of the same id."""
        found: dict[str, Rule] = {}
        for file in self.at(*places) if places else self.files:
            found.update((rule.id, rule) for rule in file.rules)
        return list(found.values())

    @cached_property
    def languages(self) -> list[str]:
        """The codes of the languages that have a file."""
        return sorted({place[5:] for _, place, _ in self.paths if place.startswith("lang/")})

    def same(self, code: str) -> str:
        """The language whose rules are meant by a code: itself, unless its file says ``same-as``."""
        return next(iter(self.top("same-as", f"lang/{code}")), code) if code in self.languages else code

    @cached_property
    def sites(self) -> list[str]:
        """The places of the sites that have a file."""
        return sorted({place for _, place, _ in self.paths if place.startswith("site/")})

    @cached_property
    def hosts(self) -> dict[str, str]:
        """Host name → place of its site."""
        return {host.lower(): file.place for file in self.at(*self.sites) for host in file.values("hosts")}

    def site_of(self, url: str | None) -> str | None:
        """The place of the site that a URL belongs to; subdomains belong to their site."""
        labels = host_of(url).split(".") if url else []
        return next((place for i in range(len(labels)) if (place := self.hosts.get(".".join(labels[i:])))), None)

    def told_by(self) -> list[Rule]:
        """The phrases that tell a site from a text, as rules with the action ``tell`` and the site's place as id."""
        return [
            Rule(file.place, Source(file.path, phrase.line), None, "", action="tell", texts={"contains": (phrase,)}, tier=2)
            for file in self.at(*self.sites)
            for phrase in file.top.get("told-by", ())
        ]

    def selectors(self, place: str) -> dict[str, tuple[str, ...]]:
        """The CSS selectors of a site's file, by key."""
        found = {key: tuple(v for v in self.top(key, place) if "{name}" not in v) for key in SELECTOR_KEYS if key != "remove"}
        return {key: values for key, values in found.items() if values}

    def site_rules(self, place: str) -> tuple[list[Rule], Rule | None]:
        """What a site's ``remove`` selectors remove, each a rule, and the rule that takes what its ``body`` selectors do not select."""
        removals: list[Rule] = []
        outside: Rule | None = None
        for file in self.at(place):
            for number, phrase in enumerate(file.top.get("remove", ()), 1):
                why = "An element that the site's file removes."
                removals.append(Rule(f"{place}/remove-{number}", Source(file.path, phrase.line), "other", why, selectors=(phrase.text,), tier=2))
            for phrase in file.top.get("body", ())[:1]:
                outside = Rule(f"{place}/body", Source(file.path, phrase.line), "navigation", "Not in what the site's file selects as body.", shape="outside-article", tier=2)
        return removals, outside

    def content(self, *places: str) -> bytes:
        """All that is written in the files of these places, each behind its place."""
        return b"\0".join(place.encode() + b"\0" + Path(path).read_bytes() for path, place, _ in self.paths if place in places)

    def signs(self, *places: str) -> Signs:
        """The signs of the languages of these places."""
        return Signs.of(self.top("sentence-ends", *places), self.top("quotes", *places), self.top("sentence-letters", *places))

    def top(self, key: str, *places: str) -> list[str]:
        """The values of a key at the top of the files of these places."""
        return list(dict.fromkeys(value for file in self.at(*places) for value in file.values(key)))


@lru_cache(maxsize=1024)
def _read(path: str, place: str, checked: bool) -> RuleFile:
    return read_file(Path(path), place, checked=checked)


def read_file(path: Path, place: str, *, checked: bool = False) -> RuleFile:
    """Read one rule file; what keeps it from being read becomes a problem of it."""
    try:
        return parse(path.read_bytes().decode("utf-8"), str(path), place, checked=checked)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = Problem(str(path), line, 1, f"not UTF-8 ({error.reason})", "save the file as UTF-8")
    except OSError as error:
        problem = Problem(str(path), 1, 1, f"cannot be read ({error.strerror})", "check the file and its rights")
    return RuleFile(str(path), place, problems=(problem,))


def find(folder: Path) -> list[tuple[Path, str]]:
    """The rule files of a folder with their places, sorted."""
    found = [(p, "common") for p in [folder / "common.txt"] if p.is_file()]
    for tier in ("lang", "site"):
        found += [(p, f"{tier}/{p.stem}") for p in sorted((folder / tier).glob("*.txt"))]
    return found


def load(folders: Sequence[str | os.PathLike[str]] = (), *, defaults: bool = True) -> Catalog:
    """The catalog of the shipped rules, the user's, and those of `folders`.

    Raises `RuleError` with every fault of every file that is not shipped, if
    there is any; nothing is loaded by halves.
    """
    own = [*(user_folders() if defaults else []), *map(Path, folders)]
    catalog = gather([shipped()] if defaults else [], own)
    faults = [*catalog.problems, *(p for path, place, checked in catalog.paths if not checked for p in _read(path, place, checked).problems)]
    if faults:
        raise RuleError(faults)
    return catalog


def gather(checked: Sequence[Path], others: Sequence[Path]) -> Catalog:
    """The catalog of these folders, the first of them known to be without fault."""
    _read.cache_clear()  # a file may have changed since
    paths: list[tuple[str, str, bool]] = []
    problems: list[Problem] = []
    for folder in (*checked, *others):
        found = find(folder)
        if not found:
            what = "no such folder" if not folder.is_dir() else "no rule files in this folder"
            problems.append(Problem(str(folder), 1, 1, what, "name a folder with common.txt, lang/*.txt or site/*.txt"))
        paths += [(str(path), place, folder in checked) for path, place in found]
    return Catalog(tuple(paths), tuple(problems))
