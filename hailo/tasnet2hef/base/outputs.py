"""Decides where a command may write: it never destroys what it did not make itself.

Every command calls ``require_outputs`` before its work. ``written_beside`` looks once more when the work is done.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import followed, require_writable
from tasnet2hef.base.marks import Mark, mark_in


@dataclass(frozen=True)
class Output:
    """A file that a command will write.

    ``mark`` is what the file of an earlier, equal run carries: one with another mark, or without any, is kept.
    ``size_bytes`` is how large it will be, 0 where that is not known. ``beside``: see ``mark_in``.
    """

    path: Path
    mark: Mark
    size_bytes: int = 0
    beside: Path | None = None

    @property
    def is_own(self) -> bool:
        """Whether the file that is there was made by an equal run."""
        return mark_in(self.path, self.beside) == self.mark.text


def require_outputs(outputs: Sequence[Output], inputs: Iterable[Path] = (), *, force: bool = False) -> None:
    """Check, before the work, that its results can be written, and that nothing is lost by it.

    ``inputs`` are all files and folders that the run reads. ``force`` replaces files of other runs and of the
    user; inputs, folders, devices, pipes and sockets never. A symbolic link is followed: what it points to counts,
    and is replaced.

    Raises:
        OptionError: an output is an input, or another output; it is no regular file; a file that this command did
            not make is there; its folder can't be written; or there is too little room.
    """
    inputs = tuple(inputs)
    for output in outputs:
        require_writable(output.path)
        target = followed(output.path)
        if target.exists():
            _require_no_input(output, target, inputs)
            _require_own(output, force=force)
    _require_distinct([output.path for output in outputs])
    _require_room(outputs)


def require_own_folder(folder: Path, what: str, names: Sequence[str], *, force: bool = False) -> None:
    """Check that a folder is absent, empty, or holds one of the files ``names``, by which ``what`` knows its own.

    Raises:
        OptionError: it is anything else, and ``force`` was not given; or it is not a folder.
    """
    require_writable(folder / names[0])
    if force or not folder.is_dir() or any((folder / name).is_file() for name in names):
        return
    if any(folder.iterdir()):
        raise OptionError(
            f"{folder}: contains something other than {what}, expected none of it, or {' or '.join(names)} in it; "
            "choose another -o, or --force to write into it"
        )


def _require_no_input(output: Output, target: Path, inputs: Iterable[Path]) -> None:
    for each in inputs:
        try:
            is_input = target.samefile(each) or (each.is_dir() and _is_input_in(each, target, output.mark.command))
        except OSError:  # an input that is missing, or no file at all
            continue
        if is_input:
            raise OptionError(
                f"{output.path}: an input would be overwritten by an output; choose another place with -o"
            )


def _is_input_in(folder: Path, target: Path, command: str) -> bool:
    """Return whether a file is in a folder of inputs, and no earlier result of the command itself."""
    return folder.resolve() in target.resolve().parents and not _is_of(command, mark_in(target))


def _require_own(output: Output, *, force: bool) -> None:
    if force or output.is_own:
        return
    made = mark_in(output.path, output.beside)
    what = "that this command did not make"
    if _is_of(output.mark.command, made):
        what = "that this command made from other inputs"
    elif made:
        what = f"that `{' '.join(made.split()[:2])}` made"
    raise OptionError(
        f"{output.path}: found a file {what}, expected none or its own; choose another -o, or --force to replace "
        "it"
    )


def _is_of(command: str, made: str) -> bool:
    return made.startswith(f"tasnet2hef {command} ")


def _require_distinct(paths: Iterable[Path]) -> None:
    taken: set[Path] = set()
    for path in paths:
        place = followed(path).resolve()
        if place in taken:
            raise OptionError(f"{path}: two outputs would be written to this file; choose another place for one")
        taken.add(place)


def _require_room(outputs: Iterable[Output]) -> None:
    """Check the free space of each file system against the sizes that are known."""
    needed: dict[int, int] = {}
    places: dict[int, Path] = {}
    for output in outputs:
        folder = followed(output.path).absolute().parent
        place = next(each for each in (folder, *folder.parents) if each.exists())
        device = place.stat().st_dev
        needed[device] = needed.get(device, 0) + output.size_bytes
        places.setdefault(device, place)
    for device, place in places.items():
        free = shutil.disk_usage(place).free
        if needed[device] > free:
            raise OptionError(
                f"{place}: found {free / 1e6:,.1f} MB of free space, expected {needed[device] / 1e6:,.1f} MB for "
                "the results; make room, or choose another place with -o"
            )
