"""Every run of `compile` leaves its verdict, without names; a release refuses the chips that it does not know."""

from __future__ import annotations

import json

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.compiler.verdicts import without_paths
from tasnet2hef.target.known.knowledge_file import knowledge_path
from tests.compiler.conftest import Bench


@pytest.fixture
def release(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("TASNET2HEF_HOME", str(bench.folder / "home"))
    monkeypatch.setenv("STAND_IN_RELEASE", str(bench.folder / "release.json"))
    play(bench, "3.34.0")
    return bench


def play(bench: Bench, version: str) -> None:
    (bench.folder / "release.json").write_text(json.dumps({"version": version}))


def rows() -> list[dict[str, object]]:
    path = knowledge_path("3.34.0", "hailo8")
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def test_a_run_that_is_done_leaves_a_pass(release: Bench) -> None:
    release.compile()
    (row,) = rows()
    assert (row["stage"], row["outcome"], row["error"], row["shapes"]) == ("compile", "pass", None, None)
    assert set(row["params"]) == {"operators", "findings", "signature"}  # type: ignore[arg-type, call-overload]
    text = json.dumps(row)
    for name in ("small", str(release.folder), "input", "/tmp"):
        assert name not in text.replace("tasnet2hef compile", "")
    release.compile(output=release.folder / "again.hef")
    assert len(rows()) == 1, "the same verdict is kept once"


def test_a_failure_leaves_its_stage_and_signature_and_no_words(release: Bench) -> None:
    release.fault("optimize", "raise", "BadInputsShape for /home/jane/secret.npz: Jane's data")
    release.compile()
    (row,) = rows()
    assert (row["stage"], row["outcome"], row["error"]) == ("optimize", "fail", None)
    assert "jane" not in json.dumps(row).lower()


@pytest.mark.parametrize("kind", ["disk full", "hang"])
def test_what_the_machine_did_is_no_verdict(release: Bench, kind: str) -> None:
    release.fault("optimize", kind)
    from tests.compiler.conftest import minutes

    release.compile(minutes=minutes(optimize=1.0))
    assert rows() == []


def test_a_damaged_knowledge_file_is_a_note(release: Bench) -> None:
    path = knowledge_path("3.34.0", "hailo8")
    path.parent.mkdir(parents=True)
    path.write_text("damaged")
    report = release.compile()
    assert report.outcome == "done"
    assert any("verdict was not kept" in note for note in report.notes)
    assert path.read_text() == "damaged"


@pytest.mark.parametrize(
    ("version", "chip"),
    [("5.3.0", "hailo8"), ("5.4.0", "hailo8l"), ("3.32.0", "hailo10h"), ("3.34.0", "hailo15h")],
)
def test_a_release_that_does_not_compile_for_the_chip(release: Bench, version: str, chip: str) -> None:
    play(release, version)
    before = sorted(release.folder.iterdir())
    with pytest.raises(
        OptionError, match=f"DFC {version} does not compile for {chip}, only for .*recorded|documented"
    ):
        release.compile(hardware=chip)
    assert release.calls() == []
    assert sorted(release.folder.iterdir()) == before, "nothing is written"


def test_a_run_in_the_folder_survives_the_refusal(release: Bench) -> None:
    release.compile()
    play(release, "5.3.0")
    with pytest.raises(OptionError):
        release.compile()
    assert (release.folder / "out.run" / "report.json").is_file()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no /a/b/c.har here", "no <path> here"),
        (r"C:\Users\jane\x.onnx", "<path>"),
        ("~/models/x.onnx is bad", "<path> is bad"),
        ("conv1/conv2 and 3/4 stay", "conv1/conv2 and 3/4 stay"),
    ],
)
def test_words_hold_no_paths(text: str, shown: str) -> None:
    assert without_paths(text) == shown
