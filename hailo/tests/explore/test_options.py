"""The file of a study: what is damaged in it is one line, before anything is run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.explore.options import Study, read_study, write_study
from tasnet2hef.explore.point import Point

STUDY = Study(
    "net.pth", "speech", "model-1", "speech-1", (Point(norms="student.pth"),), students={"student.pth": "m"}
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"points": []}, "norms"),
        (
            {"points": [{"norms": "other.pth"}]},
            "norms: found 'other.pth', expected exact, frozen or a student of it",
        ),
        ({"points": [{"precision": "a4_w4"}]}, "precision.0: found 'a4_w4'"),
        ({"points": [{"seconds": -3.0}]}, "seconds.0: found -3.0"),
        ({"hardware": "hailo99"}, "hardware: found 'hailo99', expected one of"),
    ],
)
def test_a_damaged_study_is_one_line(change: dict[str, object], words: str, tmp_path: Path) -> None:
    write_study(tmp_path, STUDY)
    path = tmp_path / "study.json"
    assert read_study(tmp_path) == STUDY
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(OptionError, match=r"study\.json: damaged") as caught:
        read_study(tmp_path)
    assert words in str(caught.value)
