"""What a user chooses for the guided path; everything else is decided on the way."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.quantize.calibration.calibrate import DEFAULT_WINDOWS
from tasnet2hef.train.options import DistilOptions, FreezeOptions, SpeechOptions


@dataclass(frozen=True, kw_only=True)
class GoOptions:
    """``mix`` and ``search`` None: decided by what was found. ``name`` is that of the files in ``folder``."""

    checkpoint: str
    speech_folder: Path
    folder: Path
    name: str
    seconds: float = 2.0
    """Length of the window that the device computes."""
    windows: int = DEFAULT_WINDOWS
    mix: int | None = None
    search: bool | None = None
    distil: bool = False
    """Train a student where norms must be replaced, instead of only fitting constants."""
    given: tuple[str, ...] = ()
    """Further options as the user typed them, for commands that can be pasted."""
    speech: SpeechOptions = field(default_factory=SpeechOptions)
    freezing: FreezeOptions = field(default_factory=FreezeOptions)
    distilling: DistilOptions = field(default_factory=DistilOptions)
    compiling: CompileOptions = field(default_factory=CompileOptions)

    def place(self, suffix: str) -> Path:
        """Return the path of a result, for example of ``.onnx``."""
        return self.folder / f"{self.name}{suffix}"

    @property
    def run_folder(self) -> Path:
        """The folder of the journal, the lock and the held-out mixtures."""
        return self.place(".go")

    def command(self, *more: str, speech: str = "") -> str:
        """Return the command line of this run with ``more`` options, on the same or another folder of speech."""
        words = ["tasnet2hef", "go", self.checkpoint, speech or str(self.speech_folder), *self.given]
        return shlex.join([*words, *(word for word in more if word not in self.given)])
