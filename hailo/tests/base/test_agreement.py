"""One verdict for every figure: its limits belong to the better side, and to a loss that was measured."""

from __future__ import annotations

import pytest

from tasnet2hef.base.agreement import (
    BROKEN_BELOW_DB,
    GOOD_FROM_DB,
    STATUS,
    expected_loss_db,
    in_words,
    verdict_of,
)


@pytest.mark.parametrize(
    ("agreement_db", "verdict", "status"),
    [
        (200.0, "good", "ok"),
        (GOOD_FROM_DB, "good", "ok"),
        (GOOD_FROM_DB - 0.01, "usable", "warning"),
        (BROKEN_BELOW_DB, "usable", "warning"),
        (BROKEN_BELOW_DB - 0.01, "broken", "error"),
        (-6.7, "broken", "error"),
        (float("nan"), "broken", "error"),
        (float("-inf"), "broken", "error"),
    ],
)
def test_the_verdict_has_a_status(agreement_db: float, verdict: str, status: str) -> None:
    found = verdict_of(agreement_db)
    assert (found, STATUS[found]) == (verdict, status)
    assert f": {verdict} (good from" in in_words(agreement_db)


@pytest.mark.parametrize(
    ("si_sdr_db", "agreement_db", "lost_db"), [(9.46, 24.0, 0.18), (9.46, 17.7, 0.78), (9.46, 14.1, 1.25)]
)
def test_the_loss_is_near_what_was_measured(si_sdr_db: float, agreement_db: float, lost_db: float) -> None:
    assert expected_loss_db(agreement_db, si_sdr_db) == pytest.approx(lost_db, abs=0.2)
