"""A step is kept only where its inputs and all of its files are unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasnet2hef.guide.journal import JOURNAL_NAME, Journal
from tasnet2hef.guide.report import StepReport


def run(folder: Path, key: str = "same", *, force: bool = False) -> tuple[StepReport, list[bool]]:
    """Run one step in a fresh journal; return it, and what its work was told, if it ran."""
    told = []

    def work(may_replace: bool) -> StepReport:
        told.append(may_replace)
        (folder / "made.txt").write_text(f"made of {key}")
        (folder / "page.json").write_text("{}")
        files = (folder / "made.txt",)
        return StepReport("norms", "frozen", "usable", files=files, notes=("a note",), lost_db=0.5)

    return Journal(folder, force=force).kept_or_done("norms", (key,), work, [folder / "page.json"]), told


def test_an_unchanged_step_is_kept_as_it_was(tmp_path: Path) -> None:
    first, told = run(tmp_path)
    assert (first.is_kept, told) == (False, [False])
    second, told = run(tmp_path)
    assert told == []
    assert second.is_kept
    assert (second.reason, second.verdict, second.notes, second.lost_db) == ("frozen", "usable", ("a note",), 0.5)
    assert second.files == first.files


def test_other_inputs_replace_own_files(tmp_path: Path) -> None:
    run(tmp_path)
    step, told = run(tmp_path, "other")
    assert (step.is_kept, told) == (False, [True])


@pytest.mark.parametrize("name", ["made.txt", "page.json"])
def test_an_edited_file_is_nobodys_to_replace(name: str, tmp_path: Path) -> None:
    run(tmp_path)
    (tmp_path / name).write_text("edited")
    assert run(tmp_path)[1] == [False]
    (tmp_path / name).write_text("edited")
    assert run(tmp_path, force=True)[1] == [True]


@pytest.mark.parametrize("name", ["made.txt", "page.json"])
def test_a_missing_file_is_made_again(name: str, tmp_path: Path) -> None:
    run(tmp_path)
    (tmp_path / name).unlink()
    assert len(run(tmp_path)[1]) == 1


def _without_key(entries: dict[str, dict[str, object]]) -> str:
    del entries["norms"]["key"]
    return json.dumps(entries)


def _of_another_type(entries: dict[str, dict[str, object]]) -> str:
    return json.dumps({"norms": {**entries["norms"], "digests": ["made.txt"]}})


@pytest.mark.parametrize(
    "damaged", [lambda _: "{", lambda _: "[]", lambda _: '{"norms": 1}', _without_key, _of_another_type]
)
def test_a_damaged_journal_keeps_nothing(damaged: object, tmp_path: Path) -> None:
    run(tmp_path)
    journal = tmp_path / JOURNAL_NAME
    assert callable(damaged)
    journal.write_text(damaged(json.loads(journal.read_text())))
    step, told = run(tmp_path)
    assert (step.is_kept, told) == (False, [False])
