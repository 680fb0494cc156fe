"""Haystack: a converter for pages as they come, and a preprocessor for documents that are there.

In Haystack, what comes from a disk or the network is a source (a path or a
`ByteStream`) until a converter makes a document of it, so pages are cleaned by a
converter: `ArticleConverter` stands where ``HTMLToDocument`` would, behind
``LinkContentFetcher`` or ``FileTypeRouter``, and decodes the bytes itself.
`ArticleCleaner` stands where ``DocumentCleaner`` would, for documents that hold
pages or texts already. Needs ``haystack-ai`` (``pip install 'cleaner[haystack]'``).
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cleaner.decode import decode
from cleaner.pipelines import Options, missing, url_of

try:
    from haystack import Document, component, default_from_dict, default_to_dict, logging
    from haystack.components.converters.utils import get_bytestream_from_source, normalize_metadata
    from haystack.dataclasses import ByteStream
except ImportError as error:
    raise missing("haystack") from error

logger = logging.getLogger(__name__)


@component
class ArticleCleaner:
    """Documents of pages or texts in, documents of articles out; pages and texts are told apart by looking.

    The ``meta`` stays and gets what the article says: ``headline``, ``dateline``,
    ``authors``, ``published``, ``date``, ``language`` (strings, and only those that
    are known). A document's web address, in ``meta["url"]``, chooses the rules of
    its site. A document in which there is no article passes unchanged, with the
    reason in ``meta["cleaner_warnings"]``, unless ``drop_empty`` is true; one
    without text (an image) passes as it is.
    """

    def __init__(
        self,
        rules: Sequence[str | os.PathLike[str]] = (),
        language: str | None = None,
        output: str = "text",
        keep_removed: bool = False,
        drop_empty: bool = False,
        keep_id: bool = False,
    ) -> None:
        """Options as for all pipelines; with ``keep_id`` documents keep their ids, else these are made from the new content, as Haystack does.

        Raises TypeError or ValueError for wrong options, the rule files' faults among them.
        """
        self._options = Options.of(rules, language, output, keep_removed, drop_empty)
        self.keep_id = keep_id

    def warm_up(self) -> None:
        """Read the rules."""
        self._options.warm_up()

    def to_dict(self) -> dict[str, Any]:
        """For `Pipeline.dumps`."""
        return default_to_dict(self, **_arguments(self._options), keep_id=self.keep_id)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ArticleCleaner":
        """For ``Pipeline.loads(..., allowed_modules=["cleaner.*"])``."""
        return default_from_dict(cls, data)

    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document]) -> dict[str, list[Document]]:
        """The articles of these documents, in their order, as ``{"documents": [...]}``.

        Raises TypeError if they are no list of documents.
        """
        if not isinstance(documents, list) or not all(isinstance(one, Document) for one in documents):
            raise TypeError("ArticleCleaner expects a list of Documents")
        found = []
        for document in documents:
            if document.content is None:
                found.append(document)
                continue
            cleaned = self._options.clean(document.content, url_of(document.meta))
            if cleaned.error and self._options.drop_empty:
                logger.warning("Dropping document {document_id}: {reason}", document_id=document.id, reason=_reason(cleaned.metadata))
                continue
            content, meta = str(cleaned.text), cleaned.merged(document.meta)
            found.append(Document(id=document.id if self.keep_id else "", content=content, blob=document.blob, meta=meta))
        return {"documents": found}


@component
class ArticleConverter:
    """Paths or `ByteStream`s of pages or texts in, documents of articles out; pages and texts are told apart by looking.

    What is said of ``meta`` in `ArticleCleaner` holds here too. ``drop_empty`` is
    true if not said: converters of Haystack skip what they cannot convert, and
    write why to the log. If it is false, a source without an article becomes a
    document of its raw text. A source that cannot be read is skipped in any case.
    """

    def __init__(
        self,
        rules: Sequence[str | os.PathLike[str]] = (),
        language: str | None = None,
        output: str = "text",
        keep_removed: bool = False,
        drop_empty: bool = True,
        store_full_path: bool = False,
    ) -> None:
        """Options as for all pipelines; with ``store_full_path`` the ``file_path`` in the metadata is more than the file's name.

        Raises TypeError or ValueError for wrong options, the rule files' faults among them.
        """
        self._options = Options.of(rules, language, output, keep_removed, drop_empty)
        self.store_full_path = store_full_path

    def warm_up(self) -> None:
        """Read the rules."""
        self._options.warm_up()

    def to_dict(self) -> dict[str, Any]:
        """For `Pipeline.dumps`."""
        return default_to_dict(self, **_arguments(self._options), store_full_path=self.store_full_path)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ArticleConverter":
        """For ``Pipeline.loads(..., allowed_modules=["cleaner.*"])``."""
        return default_from_dict(cls, data)

    @component.output_types(documents=list[Document])
    def run(self, sources: list[str | Path | ByteStream], meta: dict[str, Any] | list[dict[str, Any]] | None = None) -> dict[str, list[Document]]:
        """The articles of these sources, in their order, as ``{"documents": [...]}``.

        ``meta`` is added to the metadata of all, or, as a list, to that of each in turn.
        Raises ValueError if that list is not as long as the sources.
        """
        found = []
        for source, said in zip(sources, normalize_metadata(meta, len(sources)), strict=True):
            try:
                stream = get_bytestream_from_source(source)
            except Exception as error:
                logger.warning("Could not read {source}. Skipping it. Error: {error}", source=source, error=error)
                continue
            known = {**stream.meta, **said}
            if not self.store_full_path and stream.meta.get("file_path"):
                known["file_path"] = Path(stream.meta["file_path"]).name
            cleaned = self._options.clean(stream.data, url_of(known))
            if cleaned.error and self._options.drop_empty:
                logger.warning("No article in {source}. Skipping it. {reason}", source=source, reason=_reason(cleaned.metadata))
                continue
            content = cleaned.text if isinstance(cleaned.text, str) else decode(cleaned.text)[0]
            found.append(Document(content=content, meta=cleaned.merged(known)))
        return {"documents": found}


def _arguments(options: Options) -> dict[str, Any]:
    return {
        "rules": list(options.rules),
        "language": options.language,
        "output": options.output,
        "keep_removed": options.keep_removed,
        "drop_empty": options.drop_empty,
    }


def _reason(metadata: Mapping[str, Any]) -> str:
    return str(metadata["cleaner_warnings"])
