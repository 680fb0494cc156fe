"""Main content: the fitted weights meet pages that they were not fitted on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cleaner.content import Facts, Weights, alone, judge_blocks, weights
from cleaner.model import Page
from cleaner.prose import Prose, Shapes
from cleaner.read_html import read_html

HTML = "<nav><a href=/>Accueil</a></nav><p>Le maire a décidé d'élargir la digue près de l'église, où l'on fête la récolte depuis trois cents ans.</p>"


def read() -> tuple[Page, Shapes]:
    page, _ = read_html(HTML)
    return page, Prose().shapes(page.lines)


def test_a_menu_scores_below_a_paragraph() -> None:
    page, shapes = read()
    menu, paragraph = judge_blocks(page, shapes, None, [False, False])
    assert menu < 0 < paragraph


def test_what_no_page_had_when_the_weights_were_fitted_counts_for_nothing() -> None:
    """A category beyond the end of its table is not looked up in the next one, nor beyond the last."""
    page, shapes = read()
    facts = Facts(page, shapes, None, [False, False])
    fitted = weights()
    none = np.zeros_like(fitted.lengths)
    known_nothing: Weights = replace(fitted, table=np.array([7.0, 0.0]), starts=none, lengths=none)
    assert alone(facts, known_nothing).tolist() == [fitted.base, fitted.base]


def test_what_is_known_to_be_outside_is_not_judged_again() -> None:
    page, shapes = read()
    assert judge_blocks(page, shapes, None, [False, True])[1] < 0
