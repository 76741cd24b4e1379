"""Every registered covariance structure can be chosen in the builder, is drawn, told in a sentence, and fitted."""

from __future__ import annotations

import pytest
from builder_help import choose, schools, shown

import terrace
from terrace.covariance.registry import RESIDUALS, STRUCTURES


@pytest.mark.parametrize("key", STRUCTURES)
def test_random_effects(key: str) -> None:
    data = schools()
    form = shown(data, "mixed score ses || id: ses, cov(un)")
    card = form.levels.cards[0]
    choose(form, "level_0_covariance", None if key == "independent" else key)
    assert STRUCTURES[key].title in card.covariance.currentText()
    picture = card.matrix.picture
    assert picture.isVisible() and card.matrix.words.text() == STRUCTURES[key].sentence
    cells = picture.matrix.cells
    assert len(cells) == 2 and cells[0][1] == cells[1][0] and all(cells[i][i] for i in range(2))
    assert len(terrace.fit(form.command, data).random) == STRUCTURES[key].count(2) + 1


@pytest.mark.parametrize("key", [key for key in RESIDUALS if not RESIDUALS[key].independent])
def test_residuals(key: str) -> None:
    data = schools(4)
    form = shown(data, "mixed score ses || id:, noconstant")
    structure = RESIDUALS[key]
    choose(form, "residuals_structure", key)
    section = form.residuals
    assert section.picture.isVisible() and structure.adjective in section.structure.currentText()
    assert section.words.text().startswith(structure.sentence.partition("{")[0])
    assert section._time.isVisible() == structure.needs_time and section._order.isVisible() == structure.ordered
    cells = section.picture.matrix.cells
    assert all(cells[i][j] == cells[j][i] for i in range(4) for j in range(4))
