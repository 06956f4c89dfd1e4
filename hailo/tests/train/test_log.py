"""The training log is kept by a resumed run, whatever a killed one left at its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasnet2hef.train.log import logged
from tasnet2hef.train.loop import no_training_progress

HEAD = "step,loss_db,validation_db,seconds\n"
WHOLE = "10,-1.500,2.2500,3.5\n"


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (HEAD + WHOLE, WHOLE),
        (HEAD + WHOLE + "20,-1.500,2.2500,7.5\n", WHOLE),
        (HEAD + WHOLE + "1", WHOLE),
        (HEAD + WHOLE + "5,-1.5", WHOLE),
        (HEAD + "x,1,2,3\n" + WHOLE + "5,-1.500,2.2500,7.5,9\n", WHOLE),
        ("", ""),
    ],
)
def test_whole_rows_up_to_the_step_are_kept(tmp_path: Path, content: str, kept: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(content)
    log = logged(path, 10, no_training_progress)
    assert path.read_text() == HEAD + kept
    log(20, -2.0, 3.0)
    assert path.read_text().startswith(f"{HEAD}{kept}20,-2.000,3.0000,")


def test_a_log_that_is_no_text_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes(b"\xff\x00")
    logged(tmp_path / "log.csv", 10, no_training_progress)
    assert (tmp_path / "log.csv").read_text() == HEAD
