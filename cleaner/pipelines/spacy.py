"""spaCy: pages or texts → the articles' texts for `nlp.pipe`, or `Doc`s that know their article.

A component of a spaCy pipeline cannot change a text, so cleaning comes before it:

    nlp.pipe(texts(pages), as_tuples=True)

or, with what the article says in ``doc._.article``, ``docs(nlp, pages)``. Needs
``spacy`` (``pip install 'cleaner[spacy]'``).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from cleaner.decode import decode
from cleaner.pipelines import WARNINGS, Options, missing, url_of

try:
    from spacy.language import Language
    from spacy.tokens import Doc
except ImportError as error:
    raise missing("spacy") from error

Page: TypeAlias = str | bytes | tuple[str | bytes, Mapping[str, Any]]
"""A page or a text, alone or with its context, as spaCy's ``as_tuples`` has it; ``url`` in the context chooses the rules of its site."""

if not Doc.has_extension("article"):
    Doc.set_extension("article", default=None)


def texts(
    pages: Iterable[Page],
    *,
    rules: Sequence[str | os.PathLike[str]] = (),
    language: str | None = None,
    output: str = "text",
    keep_removed: bool = False,
    drop_empty: bool = False,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The articles' texts, each with its context, for ``nlp.pipe(..., as_tuples=True)``; one after the other, so that memory stays flat.

    The context that came in stays and gets what the article says: ``headline``,
    ``dateline``, ``authors``, ``published``, ``date``, ``language`` (strings, and
    only those that are known). A page in which there is no article passes
    unchanged, with the reason in ``cleaner_warnings``, unless ``drop_empty`` is true.

    Raises TypeError or ValueError for wrong options, the rule files' faults among
    them, before anything is read.
    """
    return _texts(pages, Options.of(rules, language, output, keep_removed, drop_empty))


def docs(
    nlp: Language,
    pages: Iterable[Page],
    *,
    rules: Sequence[str | os.PathLike[str]] = (),
    language: str | None = None,
    output: str = "text",
    keep_removed: bool = False,
    drop_empty: bool = False,
    **pipe: Any,
) -> Iterator[Doc]:
    """The articles as `Doc`s, with the contexts of `texts` in ``doc._.article``; other arguments (``n_process``, ``batch_size``) go to `nlp.pipe`.

    A text that is longer than ``nlp.max_length``, at which spaCy would stop, becomes
    an empty `Doc` with the reason in ``doc._.article["cleaner_warnings"]``, or is
    dropped if ``drop_empty`` is true.
    """
    found = texts(pages, rules=rules, language=language, output=output, keep_removed=keep_removed, drop_empty=drop_empty)
    return _docs(nlp, _bounded(found, nlp.max_length, drop_empty), pipe)


def _docs(nlp: Language, found: Iterable[tuple[str, dict[str, Any]]], pipe: dict[str, Any]) -> Iterator[Doc]:
    for doc, context in nlp.pipe(found, as_tuples=True, **pipe):
        doc._.article = context
        yield doc


def _texts(pages: Iterable[Page], options: Options) -> Iterator[tuple[str, dict[str, Any]]]:
    for page in pages:
        content, context = page if isinstance(page, tuple) else (page, {})
        cleaned = options.clean(content, url_of(context))
        if cleaned.error and options.drop_empty:
            continue
        text = decode(cleaned.text)[0] if isinstance(cleaned.text, bytes) else cleaned.text
        yield text if isinstance(text, str) else "", cleaned.merged(context)


def _bounded(found: Iterable[tuple[str, dict[str, Any]]], longest: int, drop: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Texts that spaCy takes; ``longest`` in characters."""
    for text, context in found:
        if len(text) <= longest:
            yield text, context
        elif not drop:
            why = f"left out: the text has {len(text):,} characters, and nlp.max_length is {longest:,}"
            yield "", {**context, WARNINGS: "\n".join(filter(None, (context.get(WARNINGS), why)))}
