"""Evidence names its source, and says of which chips it speaks."""

from __future__ import annotations

import pytest

from tasnet2hef.target.known import Evidence


def test_a_claim_without_a_source_is_refused() -> None:
    with pytest.raises(ValueError, match="recorded evidence: found no source"):
        Evidence("", "recorded")


def test_text_holds_grade_source_version_and_chips() -> None:
    assert str(Evidence("public log", "recorded", version="3.33.0", hardware=("hailo8",))) == (
        "recorded: public log; DFC 3.33.0; hailo8"
    )
    assert str(Evidence("our reading", "inferred")) == ("inferred: our reading; release and chip not recorded")


@pytest.mark.parametrize(
    ("version", "source", "covered", "not_covered"),
    [
        ("3.33.0", "log", [(3, 33)], [(3, 34), (5, 3), (33, 0)]),
        ("3.33.0; 3.31 and 5.x", "log", [(3, 33), (3, 31), (5, 0), (5, 4)], [(3, 32), (4, 0)]),
        ("3.28 and later", "log", [(3, 28), (3, 34), (5, 3)], [(3, 27)]),
        ("", "public logs of DFC 3.28 and 3.33", [(3, 28), (3, 33)], [(3, 30)]),
        ("", "public log; zoo v2.18", [], [(2, 18), (3, 33)]),
    ],
)
def test_the_releases_that_evidence_is_of(
    version: str, source: str, covered: list[tuple[int, int]], not_covered: list[tuple[int, int]]
) -> None:
    evidence = Evidence(source, "recorded", version=version)
    assert all(evidence.covers(release) for release in covered)
    assert not any(evidence.covers(release) for release in not_covered)


@pytest.mark.parametrize(
    ("hardware", "applies"), [((), True), (("hailo8", "hailo8l"), True), (("hailo10h",), False)]
)
def test_evidence_of_no_chip_applies_to_all(hardware: tuple[str, ...], applies: bool) -> None:
    assert Evidence("public log", "recorded", hardware=hardware).applies_to("hailo8") is applies
