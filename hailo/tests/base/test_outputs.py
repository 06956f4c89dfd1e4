"""Where a command may write: nothing that it did not make is lost."""

import os
import socket
import stat
from collections import namedtuple
from pathlib import Path

import pytest

from tasnet2hef.base import outputs
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.marks import Mark
from tasnet2hef.base.outputs import Output, require_outputs, require_own_folder

MARK = Mark.of("simulate", "a graph")


def _refusal(path: Path, *inputs: Path, force: bool = False, size_bytes: int = 0) -> str:
    with pytest.raises(OptionError) as refused:
        require_outputs([Output(path, MARK, size_bytes)], inputs, force=force)
    return str(refused.value)


def _same_name(path: Path) -> Path:
    return path


def _other_spelling(path: Path) -> Path:
    (path.parent / "sub").mkdir()
    return path.parent / "sub" / ".." / path.name


def _soft_link(path: Path) -> Path:
    link = path.parent / "link.bin"
    link.symlink_to(path.name)
    return link


def _link_to_a_link(path: Path) -> Path:
    link = path.parent / "second.bin"
    link.symlink_to(_soft_link(path))
    return link


def _hard_link(path: Path) -> Path:
    link = path.parent / "hard.bin"
    os.link(path, link)
    return link


def _linked_folder(path: Path) -> Path:
    folder = path.parent.parent / f"{path.parent.name}_link"
    folder.symlink_to(path.parent)
    return folder / path.name


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    "spelt", [_same_name, _other_spelling, _soft_link, _link_to_a_link, _hard_link, _linked_folder]
)
def test_an_input_is_never_an_output(tmp_path: Path, spelt, force: bool) -> None:
    source = tmp_path / "input.bin"
    source.write_bytes(b"mine")
    assert "an input would be overwritten" in _refusal(spelt(source), tmp_path / "other", source, force=force)


def test_an_input_is_kept_although_it_has_the_mark(tmp_path: Path) -> None:
    script = tmp_path / "net.alls"
    script.write_text(MARK.in_text("a_command()\n"))
    assert "an input would be overwritten" in _refusal(script, script)


@pytest.mark.parametrize("force", [False, True])
def test_files_in_a_folder_of_inputs_are_inputs(tmp_path: Path, force: bool) -> None:
    (tmp_path / "speaker").mkdir()
    (tmp_path / "speaker" / "a.wav").write_bytes(b"mine")
    assert "an input would be overwritten" in _refusal(tmp_path / "speaker" / "a.wav", tmp_path, force=force)
    require_outputs([Output(tmp_path / "new.npz", MARK)], [tmp_path])


def test_what_another_command_made_is_an_input_in_a_folder_of_inputs(tmp_path: Path) -> None:
    heard = tmp_path / "heard.txt"
    heard.write_text(Mark.of("separate", "a recording").in_text("voice\n"))
    assert "an input would be overwritten" in _refusal(heard, tmp_path, force=True)
    heard.write_text(Mark.of(MARK.command, "another graph").in_text("a_command()\n"))
    require_outputs([Output(heard, MARK)], [tmp_path], force=True)


def test_a_file_without_write_permission_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept.alls"
    kept.write_text(MARK.in_text("a_command()\n"))
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != kept)  # who runs the tests may be root
    assert "found a file without write permission" in _refusal(kept, force=True)


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(path))


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _device(path: Path) -> None:
    path.symlink_to("/dev/null")


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("make", "found"),
    [
        (_fifo, "a pipe"),
        (_socket, "a socket"),
        (_loop, "a symbolic link"),
        (_device, "a device"),
        (Path.mkdir, "a folder"),
    ],
)
def test_only_regular_files_are_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make, found: str, force: bool
) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    path = Path("out.wav")
    make(path)
    before = path.lstat().st_mode
    assert f"is {found}" in _refusal(path, force=force)
    with pytest.raises(OptionError, match=f"is {found}"), written_beside(path):
        pytest.fail("there is nothing to write to")
    assert path.lstat().st_mode == before


def _write_while_a_pipe_appears(path: Path) -> None:
    with written_beside(path) as part:
        part.write_text("result")
        os.mkfifo(path)


def test_what_takes_the_place_during_the_work_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with pytest.raises(OptionError, match="is a pipe"):
        _write_while_a_pipe_appears(path)
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert [each.name for each in tmp_path.iterdir()] == ["out.txt"]


def test_a_file_of_the_user_is_kept_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("mine")
    assert "found a file that this command did not make" in _refusal(path)
    require_outputs([Output(path, MARK)], force=True)


def test_a_file_of_the_same_work_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "net.alls"
    path.write_text(MARK.in_text("a_command()\n"))
    require_outputs([Output(path, MARK)])


def test_files_of_other_commands_and_inputs_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "net.alls"
    path.write_text(Mark.of("simulate", "another graph").in_text("a_command()\n"))
    assert "that this command made from other inputs" in _refusal(path)
    path.write_text(Mark.of("explain", "a graph").in_text("a_command()\n"))
    assert "that `tasnet2hef explain` made" in _refusal(path)


def test_a_link_is_kept_and_its_file_replaced(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "net.alls"
    target.parent.mkdir()
    target.write_text(MARK.in_text("old\n"))
    target.chmod(0o640)
    link = _soft_link(target).rename(tmp_path / "elsewhere" / "link.alls")
    require_outputs([Output(link, MARK)])
    with written_beside(link) as part:
        part.write_text("new")
    assert link.is_symlink()
    assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == ("new", 0o640)


def test_two_outputs_are_never_one_file(tmp_path: Path) -> None:
    (tmp_path / "link.wav").symlink_to("a.wav")
    with pytest.raises(OptionError, match="two outputs"):
        require_outputs([Output(tmp_path / "a.wav", MARK), Output(tmp_path / "link.wav", MARK)])


def test_the_room_for_all_outputs_is_checked_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(outputs.shutil, "disk_usage", lambda place: usage(0, 0, 10_000_000))
    both = [Output(tmp_path / "new" / name, MARK, 6_000_000) for name in ("a", "b")]
    require_outputs(both[:1])
    with pytest.raises(OptionError, match=r"found 10.0 MB of free space, expected 12.0 MB"):
        require_outputs(both)


@pytest.mark.parametrize("name", ["nul\0.wav", "n" * 300])
def test_impossible_names_are_one_line(tmp_path: Path, name: str) -> None:
    assert "can't be written" in _refusal(tmp_path / name)


def test_a_folder_with_other_contents_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "student.training"
    require_own_folder(folder, "a training", ("state.pt",))
    folder.mkdir()
    require_own_folder(folder, "a training", ("state.pt",))
    (folder / "voice.wav").write_bytes(b"mine")
    with pytest.raises(OptionError, match="contains something other than a training"):
        require_own_folder(folder, "a training", ("state.pt",))
    require_own_folder(folder, "a training", ("state.pt",), force=True)
    (folder / "state.pt").write_bytes(b"")
    require_own_folder(folder, "a training", ("state.pt",))
