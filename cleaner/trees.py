"""Small decision trees with one question a level: CatBoost's oblivious trees (Prokhorenkova et al., NeurIPS 2018), in numpy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROWS = 512
"""Rows that are judged together, so that what is noted on the way stays small."""


@dataclass(frozen=True)
class Trees:
    """Fitted trees."""

    question: NDArray[np.intp]
    """For each tree and level the column that is asked, ..."""
    threshold: NDArray[np.float32]
    """... and beyond what value the answer is yes."""
    leaf: NDArray[np.float64]
    """The log-odds of each row of answers (the first question's the lowest bit), all trees on end, ..."""
    first: NDArray[np.intp]
    """... and where each tree's begin."""
    bias: float

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Trees:
        """From the keys ``question``, ``threshold``, ``leaf`` and ``bias`` of a file of weights."""
        question = np.array(data["question"], dtype=np.intp)
        leaf = np.array(data["leaf"])
        return cls(question, np.array(data["threshold"], dtype=np.float32), leaf.ravel(), np.arange(len(question)) * leaf.shape[1], data["bias"])

    @classmethod
    def read(cls, path: Path) -> Trees:
        """From a file."""
        return cls.of(json.loads(path.read_text(encoding="utf-8")))

    def judge(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        """The log-odds of each row."""
        result = np.empty(len(table))
        for start in range(0, len(table), _ROWS):
            part = table[start : start + _ROWS]
            leaves = np.zeros((len(part), len(self.question)), dtype=np.intp)
            for level in range(self.question.shape[1]):
                leaves |= (part[:, self.question[:, level]] > self.threshold[:, level]).astype(np.intp) << level
            result[start : start + _ROWS] = self.bias + self.leaf[leaves + self.first].sum(axis=1)
        return result


def as_data(forest: Mapping[str, Any], bias: float = 0.0) -> dict[str, Any]:
    """The keys of a file of weights, from a model that CatBoost saved as JSON; `bias` is added to every row's log-odds."""
    columns = [f["flat_feature_index"] for f in forest["features_info"]["float_features"]]
    trees = forest["oblivious_trees"]
    scale, (base,) = forest["scale_and_bias"]
    return {
        "question": [[columns[split["float_feature_index"]] for split in tree["splits"]] for tree in trees],
        "threshold": [[round(split["border"], 5) for split in tree["splits"]] for tree in trees],
        "leaf": [[round(value * scale, 4) for value in tree["leaf_values"]] for tree in trees],
        "bias": round(base + bias, 4),
    }
