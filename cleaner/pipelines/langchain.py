"""LangChain: documents of pages or texts → documents of articles.

`ArticleTransformer` is a document transformer, as LangChain's text splitters and
HTML transformers are, and a Runnable, so that ``retriever | ArticleTransformer()``
works too. Needs ``langchain-core`` (``pip install 'cleaner[langchain]'``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cleaner.pipelines import Options, Output, folders, missing, url_of

try:
    from langchain_core.documents import BaseDocumentTransformer, Document
    from langchain_core.runnables import RunnableConfig, RunnableSerializable
    from langchain_core.runnables.config import run_in_executor
    from pydantic import ConfigDict, Field, field_validator, model_validator
except ImportError as error:
    raise missing("langchain") from error


class ArticleTransformer(RunnableSerializable[Sequence[Document], list[Document]], BaseDocumentTransformer):
    """Web pages or texts in, articles out; pages and texts are told apart by looking.

    The metadata stays and gets what the article says: ``headline``, ``dateline``,
    ``authors``, ``published``, ``date``, ``language`` (strings, and only those that
    are known). A document's web address, in ``url`` or ``source``, chooses the
    rules of its site. A document in which there is no article passes unchanged,
    with the reason in ``cleaner_warnings``, unless ``drop_empty`` is true.

    Raises TypeError or ValueError for wrong options, the rule files' faults among them.
    """

    model_config = ConfigDict(extra="forbid")

    rules: list[str] = Field(default_factory=list)
    """Folders of rule files, added to the shipped and the user's own."""
    language: str | None = None
    """ISO 639-1 code of all documents; found out for each if not said."""
    output: Output = "text"
    """What becomes the page content: headline, dateline and body ("text"), or the body alone ("body")."""
    keep_removed: bool = False
    """Whether the metadata says what was removed, in ``cleaner_removed``."""
    drop_empty: bool = False
    """Whether documents without an article are dropped."""

    @field_validator("rules", mode="before")
    @classmethod
    def _folders(cls, value: Any) -> list[str]:
        return list(folders(value))

    @model_validator(mode="after")
    def _checked(self) -> ArticleTransformer:
        self._options()
        return self

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """It is: ``load(dumpd(it), allowed_objects=[ArticleTransformer], valid_namespaces=["cleaner"])``."""
        return True

    def transform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """The articles of these documents, in their order; the documents themselves are not changed."""
        return list(self.lazy_transform_documents(documents))

    async def atransform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:
        """The same in a thread, so that the event loop goes on."""
        return await run_in_executor(None, self.transform_documents, documents)

    def lazy_transform_documents(self, documents: Iterable[Document]) -> Iterable[Document]:
        """One after the other, for a loader's ``lazy_load()``: memory stays flat."""
        options = self._options()
        for document in documents:
            cleaned = options.clean(document.page_content, url_of(document.metadata))
            if cleaned.error and self.drop_empty:
                continue
            yield document.model_copy(update={"page_content": cleaned.text, "metadata": cleaned.merged(document.metadata)})

    def invoke(self, input: Sequence[Document], config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:
        """As part of a chain."""
        return self._call_with_config(self.transform_documents, input, config)

    async def ainvoke(self, input: Sequence[Document], config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:
        """As part of a chain that is awaited."""
        return await self._acall_with_config(self.atransform_documents, input, config)

    def _options(self) -> Options:
        return Options.of(self.rules, self.language, self.output, self.keep_removed, self.drop_empty)
