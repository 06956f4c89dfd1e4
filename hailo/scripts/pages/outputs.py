"""Sample outputs of README and documentation: each is what its command printed, in the demo network's folder.

``<!-- output 6+2: tasnet2hef check build/my_model.onnx -->`` above a block of text asks for the first six and the
last two lines of what that command prints on a terminal of 80 columns. `make samples` runs the commands, page by
page, in one folder, and writes the blocks anew; and the pictures: of a page that a run leaves, and of the path.
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import termios
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.pages import pictures, screenshot
from scripts.pages.sandbox import ASSETS, prepare

ROOT: Final = Path(__file__).resolve().parents[3]
_COLUMNS: Final = 80
_ENDLESS: Final = 10_000
_SAMPLE: Final = re.compile(
    r"^(?P<indent> *)<!-- output (?P<first>\d+)(?:\+(?P<last>\d+))?: (?P<command>tasnet2hef [^\n]+) -->\n"
    r" *```text\n(?P<body>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_SECONDS: Final = 900

_SHOWN_PAGE: Final = "chip/my_model.report/report.html"
"""The page of the README's run, of which the README shows a picture."""
_SHOWN_STUDY: Final = "study/study.html"
"""The page of the study in docs/how_to/explore.md."""

# What the pages' commands find there, made by commands that no page shows the output of.
_EARLIER: Final = (
    "tasnet2hef convert my_model.pth --seconds 2 -o build/",
    "tasnet2hef convert my_model.pth --seconds 2 --residual joint -o joint/",
    "tasnet2hef convert student.pth --seconds 2 -o build/",
    "tasnet2hef convert hailo/assets/demo_student.pth --seconds 2 -o first/",
    "tasnet2hef calibrate first/demo_student.onnx speech/ -o first/calib.npz",
    "tasnet2hef simulate first/demo_student.onnx first/calib.npz --quick --plots none",
)


@dataclass(frozen=True)
class Sample:
    """A block of sample output: its command, how many lines of it are shown, and what the page shows now."""

    command: str
    first: int
    last: int
    shown: str

    def cut(self, printed: str) -> str:
        """Return the first and the last lines of what was printed, without empty ones.

        >>> print(Sample("", 1, 1, "").cut("a\\nb\\nc"))
        a
        ...
        c
        """
        lines = [line for line in printed.splitlines() if line]
        if len(lines) <= self.first + self.last:
            return "\n".join(lines)
        return "\n".join([*lines[: self.first], "...", *lines[len(lines) - self.last :]])


def pages() -> list[Path]:
    """Return the pages that may hold samples: the first page, then those of the documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def samples_of(text: str) -> Iterator[Sample]:
    """Go through the samples of a page."""
    for match in _SAMPLE.finditer(text):
        yield _sample(match)


def renewed(text: str, printed: Mapping[str, str]) -> str:
    """Return a page with what each command printed in the place of what the page shows."""
    return _SAMPLE.sub(lambda match: _block(match, printed), text)


def _sample(match: re.Match[str]) -> Sample:
    return Sample(match["command"], int(match["first"]), int(match["last"] or 0), match["body"])


def _block(match: re.Match[str], printed: Mapping[str, str]) -> str:
    sample, indent = _sample(match), match["indent"]
    head = match[0].partition("\n")[0]
    lines = ["```text", *sample.cut(printed[sample.command]).splitlines(), "```"]
    return "\n".join([head, *((indent + line).rstrip() for line in lines)])


def printed_by(command: str, folder: Path) -> str:
    """Run a command on a terminal of 80 columns, without colours; return what it printed.

    Raises:
        RuntimeError: it ended with a bug.
    """
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (_ENDLESS, _COLUMNS))
    words = [sys.executable, "-m", "tasnet2hef", *shlex.split(command)[1:]]
    environment = {**os.environ, "TERM": "dumb", "NO_COLOR": "1", "TASNET2HEF_HOME": str(folder / "home")}
    environment["PYTHONPATH"] = str(ROOT / "hailo")
    with subprocess.Popen(
        words, cwd=folder, env=environment, stdout=theirs, stderr=theirs, stdin=theirs
    ) as running:
        os.close(theirs)
        text = b"".join(_chunks(ours)).decode(errors="replace")
        code = running.wait(_SECONDS)
    os.close(ours)
    if code not in (0, 1, 2, 3):
        raise RuntimeError(f"{command}: exit code {code}: {text[-2000:]}")
    text = text.replace("\r\n", "\n").replace(f"{folder}/", "").replace(f"{ROOT}/", "")
    return "\n".join(_folded(line.rstrip().rpartition("\r")[2]) for line in text.splitlines())


def _folded(line: str) -> str:
    """Fold a line as the terminal would, but between words.

    >>> _folded("note: " + "word " * 20).count("\\n")
    1
    """
    if len(line) <= _COLUMNS:
        return line
    return "\n".join(textwrap.wrap(line, _COLUMNS, break_on_hyphens=False, break_long_words=False))


def _chunks(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # Linux's way to say that the other end of a terminal was closed
            return
        if not chunk:
            return
        yield chunk


def renew(folder: Path) -> list[Path]:
    """Run the commands of all samples in ``folder`` and write the pages whose text changed; returns these."""
    _prepare_with_speech(folder)
    printed = {}
    for command in _commands():
        print(command, flush=True)
        printed[command] = printed_by(command, folder)
    changed = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if (after := renewed(text, printed)) != text:
            page.write_text(after, encoding="utf-8")
            changed.append(page)
    return changed


def _commands() -> list[str]:
    """Return the commands of all pages, each once, in the order of the pages."""
    texts = (page.read_text(encoding="utf-8") for page in pages())
    return list(dict.fromkeys(sample.command for text in texts for sample in samples_of(text)))


def _prepare_with_speech(folder: Path) -> None:
    """Make the folder of the commands' examples, with the speech that the demo network was trained with."""
    prepare(folder)
    shutil.copy(ASSETS / "demo_student.pth", folder / "student.pth")
    (folder / "hailo").symlink_to(ASSETS.parent)
    shutil.rmtree(folder / "speech")
    words = [sys.executable, "-m", "scripts.demo_network", "speech", str(folder / "speech")]
    subprocess.run(words, check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "hailo")})
    for command in _EARLIER:
        printed_by(command, folder)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        work = Path(made) / "work"
        for written in renew(work):
            print(f"renewed: {written.relative_to(ROOT)}")
        screenshot.take(work / _SHOWN_PAGE, pictures.FOLDER / "report.png")
        screenshot.take(work / _SHOWN_STUDY, pictures.FOLDER / "study.png")
    pictures.write()
