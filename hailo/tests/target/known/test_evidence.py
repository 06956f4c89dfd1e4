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
    assert str(Evidence("our reading", "inferred")) == "inferred: our reading"


@pytest.mark.parametrize(
    ("hardware", "applies"), [((), True), (("hailo8", "hailo8l"), True), (("hailo10h",), False)]
)
def test_evidence_of_no_chip_applies_to_all(hardware: tuple[str, ...], applies: bool) -> None:
    assert Evidence("public log", "recorded", hardware=hardware).applies_to("hailo8") is applies
