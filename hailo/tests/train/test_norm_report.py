"""The headline of a report says what was lost of how much, and warns where that is no evidence."""

from __future__ import annotations

import pytest

from tests.train.norm_reports import norm_report


@pytest.mark.parametrize(
    ("original_db", "result_db", "words"),
    [
        (9.6, 9.11, "lost 0.49 dB of 9.60 dB"),
        (9.6, 9.7, "gained 0.10 dB over the original's 9.60 dB"),
        (-2.02, -1.81, "original -2.02 dB -> result -1.81 dB: no evidence"),
        (0.9, 8.0, "original 0.90 dB -> result 8.00 dB: no evidence"),
    ],
)
def test_the_headline_is_no_bare_difference(original_db: float, result_db: float, words: str) -> None:
    report = norm_report(original_db, result_db)
    assert report.headline.endswith(words)
    assert bool(report.warning) == ("no evidence" in words)


@pytest.mark.parametrize(
    ("original_db", "result_db", "verdict"),
    [(9.6, 9.2, "good"), (9.6, 8.6, "usable"), (9.6, 7.0, "broken"), (-2.02, -1.81, "broken")],
)
def test_what_is_lost_has_a_verdict(original_db: float, result_db: float, verdict: str) -> None:
    report = norm_report(original_db, result_db)
    assert report.verdict == verdict


def test_agreement_has_the_verdict_of_what_it_costs() -> None:
    assert norm_report(100.0, 25.0, has_sources=False).verdict == "good"
    assert norm_report(100.0, 10.0, has_sources=False).verdict == "broken"


def test_agreement_needs_no_evidence() -> None:
    report = norm_report(100.0, 21.3, has_sources=False)
    assert report.headline == "agreement with the original on held-out mixtures: 21.30 dB"
    assert not report.warning
