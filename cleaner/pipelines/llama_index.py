"""LlamaIndex: nodes of pages or texts → nodes of articles.

`ArticleTransform` is a step of an `IngestionPipeline`, to be put before the
splitter. Needs ``llama-index-core`` (``pip install 'cleaner[llama-index]'``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from cleaner.pipelines import REMOVED, WARNINGS, Options, Output, folders, missing, url_of

try:
    from llama_index.core.schema import BaseNode, MetadataMode, TransformComponent
    from pydantic import ConfigDict, Field, field_validator, model_validator
except ImportError as error:
    raise missing("llama-index") from error

_MEDIA = ("image_resource", "audio_resource", "video_resource", "image", "image_path", "image_url")
"""The fields in which a node holds something other than text."""


class ArticleTransform(TransformComponent):
    """Web pages or texts in, articles out; pages and texts are told apart by looking.

    The nodes that come out are copies with the same ids. Their metadata gets what
    the article says: ``headline``, ``dateline``, ``authors``, ``published``,
    ``date``, ``language`` (strings, and only those that are known). A node's web
    address, in ``url`` or ``source``, chooses the rules of its site. A node in
    which there is no article passes unchanged, with the reason in
    ``cleaner_warnings``, unless ``drop_empty`` is true; what the transform notes
    in ``cleaner_warnings`` and ``cleaner_removed`` is neither embedded nor shown
    to a language model. A node of an image or a sound without text passes as it is.

    Raises TypeError or ValueError for wrong options, the rule files' faults among them.
    """

    model_config = ConfigDict(extra="forbid")

    rules: list[str] = Field(default_factory=list, description="Folders of rule files, added to the shipped and the user's own.")
    language: str | None = Field(default=None, description="ISO 639-1 code of all nodes; found out for each if not said.")
    output: Output = Field(default="text", description="What becomes the text: headline, dateline and body, or the body alone.")
    keep_removed: bool = Field(default=False, description="Whether the metadata says what was removed, in cleaner_removed.")
    drop_empty: bool = Field(default=False, description="Whether nodes without an article are dropped.")

    @field_validator("rules", mode="before")
    @classmethod
    def _folders(cls, value: Any) -> list[str]:
        return list(folders(value))

    @model_validator(mode="after")
    def _checked(self) -> ArticleTransform:
        self._options()
        return self

    @classmethod
    def class_name(cls) -> str:
        """Its name in serialised pipelines and caches."""
        return "cleaner_article_transform"

    def to_dict(self, **kwargs: Any) -> dict[str, Any]:
        """The options and a digest of the rules, from which the pipeline's cache makes its key: other rules, other key."""
        return {**super().to_dict(**kwargs), "digest": self._options().digest()}

    @classmethod
    def from_dict(cls, data: dict[str, Any], **kwargs: Any) -> ArticleTransform:
        """From what `to_dict` gave; the rules are those that are there now."""
        return super().from_dict({key: value for key, value in data.items() if key != "digest"}, **kwargs)

    def __call__(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[BaseNode]:
        """The articles of these nodes, in their order."""
        return list(self._transformed(nodes))

    async def acall(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[BaseNode]:
        """The same in a thread, so that the event loop goes on."""
        return await asyncio.to_thread(self, nodes)

    def _transformed(self, nodes: Sequence[BaseNode]) -> Iterator[BaseNode]:
        options = self._options()
        for node in nodes:
            content = node.get_content(metadata_mode=MetadataMode.NONE)
            if not content and any(getattr(node, name, None) for name in _MEDIA):
                yield node
                continue
            cleaned = options.clean(content, url_of(node.metadata))
            if cleaned.error and self.drop_empty:
                continue
            yield _with(node, str(cleaned.text) if not cleaned.error else None, cleaned.merged(node.metadata))

    def _options(self) -> Options:
        return Options.of(self.rules, self.language, self.output, self.keep_removed, self.drop_empty)


def _with(node: BaseNode, text: str | None, metadata: dict[str, Any]) -> BaseNode:
    """A copy of a node with this text, or its own if None, and this metadata."""
    copy = node.model_copy()
    copy.metadata = metadata
    noted = [name for name in (WARNINGS, REMOVED) if name in metadata]
    copy.excluded_embed_metadata_keys = [*dict.fromkeys([*node.excluded_embed_metadata_keys, *noted])]
    copy.excluded_llm_metadata_keys = [*dict.fromkeys([*node.excluded_llm_metadata_keys, *noted])]
    if text is not None:
        copy.set_content(text)
    return copy
