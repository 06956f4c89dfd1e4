"""The facts about a new HEF, whether it can be read or not."""

from __future__ import annotations

import json
from pathlib import Path

from tasnet2hef.compiler.hef_facts import hef_facts
from tests.target.files.hef_files import save, save_small

HN = {"layers": {"net/input_layer1": {"type": "input_layer", "output_shapes": [[-1, 10, 1, 16]]}}}


def test_a_hef_tells_its_scales_and_its_contexts(tmp_path: Path) -> None:
    log = save(tmp_path / "log.txt", b"nothing about contexts")
    facts = hef_facts(save_small(tmp_path / "a.hef"), "3.33.1", "digest", log, HN)
    assert facts.contexts == 1, "from the file, where the log does not say"
    assert facts.unread == ""
    facts_json = json.loads(json.dumps(facts.to_json(), allow_nan=False))
    assert facts_json["stored"]["inputs"][0]["scale"] == 0.5
    assert facts_json["ends"][0]["shape"] == [-1, 10, 1, 16]


def test_a_hef_that_cannot_be_read_is_described_from_the_log_and_the_hn(tmp_path: Path) -> None:
    log = save(tmp_path / "log.txt", b"Found valid partition to 4 contexts")
    facts = hef_facts(save(tmp_path / "a.hef", b"\x01HEF STAND-IN FOR TESTS"), "0", "digest", log, HN)
    assert facts.contexts == 4
    assert facts.stored is None
    assert "not a HEF that can be read: found header version" in facts.unread
    assert facts.to_json()["stored"] is None
