"""Page conditions of rules: which elements of a page a rule's ``tag``, ``named`` and ``selector`` mean.

An element meets a rule's conditions if its own name, the words of its own class,
id or role, and the selectors all fit; a block meets them if the element that
holds it does, or one around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cleaner.model import Markup, Rule
from cleaner.rulefile import name_words

_REMEMBERED = 50_000
"""How many kinds of element are remembered."""


def has_place(rule: Rule) -> bool:
    """Whether a rule has a condition on elements."""
    return bool(rule.tags or rule.named or rule.selectors)


class Places:
    """The page conditions of some rules, ready to be looked up."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = sorted((r for r in rules if has_place(r)), key=lambda r: r.id)
        self.selectors = sorted({s for rule in self.rules for s in rule.selectors})
        self._patterns = [re.compile("|".join(rf"\b{re.escape(words)}\b" for words in rule.named)) if rule.named else None for rule in self.rules]
        every = sorted({words for rule in self.rules for words in rule.named})
        self._any = re.compile("|".join(rf"\b{re.escape(words)}\b" for words in every)) if every else None
        self._tags = frozenset(tag for rule in self.rules for tag in rule.tags)
        self._beginnings = frozenset(words.split()[0] for words in every)
        self._parts: dict[str, bool] = {}
        self._memory: dict[tuple[str, str], tuple[int, ...]] = {}

    def of(self, markup: Markup) -> list[tuple[int, ...]]:
        """For each element the numbers of the rules whose conditions it meets itself."""
        if not self.rules:
            return [()] * len(markup.tree.tag)
        memory = self._memory
        found = [memory[key] if (key := (tag, names)) in memory else self._look(tag, names) for tag, names in zip(markup.tree.tag, markup.tree.names, strict=True)]
        if self.selectors:
            chosen = [frozenset[int]().union(*(markup.selected.get(s, ()) for s in rule.selectors)) for rule in self.rules]
            for number, rule in enumerate(self.rules):
                if rule.selectors and not rule.tags and not rule.named:
                    for element in chosen[number]:
                        found[element] = (*found[element], number)
            found = [tuple(n for n in numbers if not self.rules[n].selectors or element in chosen[n]) if numbers else numbers for element, numbers in enumerate(found)]
        return found

    def meets(self, markup: Markup, element: int, rule: Rule) -> bool:
        """Whether an element itself has the name and words that a rule asks for."""
        tag, names = markup.tree.tag[element], markup.tree.names[element]
        return any(self.rules[n] is rule for n in (self._memory.get((tag, names)) or self._look(tag, names)))

    def _begins(self, part: str) -> bool:
        """Whether a piece of a class has a word that some phrase begins with."""
        if len(self._parts) > _REMEMBERED:
            self._parts.clear()
        self._parts[part] = found = not self._beginnings.isdisjoint(name_words(part))
        return found

    def _look(self, tag: str, names: str) -> tuple[int, ...]:
        pieces = names.split()
        words = " ".join(word for piece in pieces for word in name_words(piece)) if any(self._parts[p] if p in self._parts else self._begins(p) for p in pieces) else ""
        numbers: tuple[int, ...] = ()
        if tag in self._tags or (self._any and words and self._any.search(words)):
            numbers = tuple(
                number
                for number, (rule, pattern) in enumerate(zip(self.rules, self._patterns, strict=True))
                if (rule.tags or pattern) and (not rule.tags or tag in rule.tags) and (not pattern or pattern.search(words))
            )
        if len(self._memory) > _REMEMBERED:
            self._memory.clear()
        self._memory[tag, names] = numbers
        return numbers


def path(markup: Markup, element: int) -> str:
    """An element as people write it: ``body > div.related > ul > li``."""
    parts = []
    while element > 0:
        first = markup.tree.names[element].split(" ", 1)[0]
        parts.append(markup.tree.tag[element] + (f".{first}" if first else ""))
        element = markup.tree.parent[element]
    return " > ".join(reversed(parts))
