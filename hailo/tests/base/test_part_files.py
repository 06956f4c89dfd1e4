"""Part files: dead ones are swept, living ones and the user's files are kept, long names work."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.part_files import part_file, scratch_folder

_HOLD = """
import sys, time
from pathlib import Path
from tasnet2hef.base.part_files import part_file, scratch_folder
with part_file(Path(sys.argv[1]), ".wav"), scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "0.npy").write_bytes(b"intermediate")
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writer(tmp_path: Path):
    """A process that holds a part file and a scratch folder in ``tmp_path``."""
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_parts_of_a_killed_run_are_removed_by_the_next(writer, tmp_path: Path) -> None:
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert len(list(tmp_path.iterdir())) == 2
    with written_beside(tmp_path / "result.txt") as part:
        part.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["result.txt"]


def test_parts_of_a_living_run_are_kept(writer, tmp_path: Path) -> None:
    living = set(tmp_path.iterdir())
    with written_beside(tmp_path / "result.txt") as part:
        part.write_text("new")
    assert set(tmp_path.iterdir()) == {*living, tmp_path / "result.txt"}


@pytest.mark.parametrize(
    "name",
    [".tasnet2hef-notes.part", ".tasnet2hef-0123456789abcdef.part.much_too_long", "x.part", ".net.abcd.onnx"],
)
def test_files_of_the_user_are_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with part_file(tmp_path, ""):
        pass
    assert (tmp_path / name).read_text() == "mine"


def test_links_under_the_name_of_a_part_are_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("mine")
    (tmp_path / ".tasnet2hef-0123456789abcdef.part").symlink_to(kept)
    os.link(kept, tmp_path / ".tasnet2hef-0123456789abcdee.part")
    with part_file(tmp_path, ".onnx"):
        pass
    assert kept.read_text() == "mine"
    assert kept.stat().st_nlink == 2


_WRITE_OFTEN = """
import os, sys
from pathlib import Path
from tasnet2hef.base.files import written_beside
for number in range(50):
    with written_beside(Path(sys.argv[1]) / f"{os.getpid()}_{number}.txt") as part:
        part.write_text("whole")
"""


def test_writers_in_one_folder_never_take_each_others_parts(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WRITE_OFTEN, str(tmp_path)]
    writers = [subprocess.Popen(command) for _ in range(4)]
    assert [each.wait() for each in writers] == [0] * 4
    assert [path.read_text() for path in tmp_path.iterdir()] == ["whole"] * 200


@pytest.mark.parametrize("suffix", [".wav", "." + "s" * 200, ""])
def test_a_name_of_the_greatest_length_can_be_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / ("n" * (255 - len(suffix)) + suffix)
    with written_beside(path) as part:
        part.write_text("content")
    assert path.read_text() == "content"


def test_a_name_that_is_too_long_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(OptionError, match=r"can't be written \(File name too long\)"),
        written_beside(tmp_path / ("n" * 256)),
    ):
        pytest.fail("there is nothing to write to")


def test_a_scratch_folder_is_gone_in_the_end(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        (folder / "big.npy").write_bytes(b"intermediate")
    assert not list(tmp_path.iterdir())


def test_a_scratch_folder_that_another_run_swept_at_once_is_made_again(tmp_path: Path, monkeypatch) -> None:
    mkdir = Path.mkdir

    def made_and_swept(path: Path, mode: int) -> None:
        monkeypatch.setattr(Path, "mkdir", mkdir)
        path.mkdir(mode)
        path.rmdir()

    monkeypatch.setattr(Path, "mkdir", made_and_swept)
    with scratch_folder(tmp_path) as folder:
        assert folder.is_dir()
