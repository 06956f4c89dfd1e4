"""Contrast in light and dark: WCAG 2.1 AA, computed for every pair that the page uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

import pytest

from tasnet2hef.report.graph_picture import FAMILY_NAMES, family_of
from tasnet2hef.report.theme import DARK, FAMILIES, LIGHT, MARK_PAIRS, TEXT_PAIRS, contrast


def test_contrast_agrees_with_published_values() -> None:
    # The grey that WebAIM and the W3C give as the lightest that passes on white, and the first that does not.
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#ffffff", "#767676") == contrast("#767676", "#ffffff")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_marks_are_readable(theme: Mapping[str, str]) -> None:
    for pairs, least in ((TEXT_PAIRS, 4.5), (MARK_PAIRS, 3.0)):
        for mark, ground in pairs:
            assert contrast(theme[mark], theme[ground]) >= least, (mark, ground)


def test_the_style_uses_colours_that_both_themes_have() -> None:
    style = (resources.files("tasnet2hef.report") / "templates" / "page.css").read_text()
    used = set(re.findall(r"var\(--([a-z]+)\)", style))
    assert used <= LIGHT.keys() == DARK.keys()
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b", style)


def test_every_family_has_a_colour_and_a_name() -> None:
    assert set(FAMILIES) == set(FAMILY_NAMES) <= LIGHT.keys()
    assert {family_of(kind) for kind in ("conv", "dw", "ew_add", "avgpool", "activation", "resize")} <= set(
        FAMILY_NAMES
    )
