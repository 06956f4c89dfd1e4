"""Tells by the names of files and folders which recordings are of one speaker; asks where they don't say it.

In this order, each for a whole folder of recordings:

1. a table of Common Voice (``*.tsv`` with the columns ``client_id`` and ``path``);
2. names of known forms (``NAMED``): LibriSpeech, VCTK, WSJ0, VoxCeleb, TIMIT, Asterisk's prompts and so on;
3. folders: where all recordings lie in folders, side by side, and no folder's name is that of a sort (``digits``),
   each folder is a speaker. Folders above them that hold nothing else, and parts (``train``), are passed over.

Single files, files beside folders, and sorts are a question: nothing tells one voice from many there.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final

from tasnet2hef.audio.collection import SUFFIXES, audio_files
from tasnet2hef.base.errors import AudioError, OptionError
from tasnet2hef.base.text import counted, first_few

SPEAKER: Final = "{speaker}"
FOLDERS, FILES, ONE = "folders", "files", "one"
"""Ways to tell speakers that can be asked for by name; any other is a pattern with ``{speaker}`` in it."""
LEAST_SHARE: Final = 0.9
"""Share of the recordings that must have names of a form before the form is believed."""
PARTS: Final = re.compile(
    "train|training|tr|dev|devel|development|cv|valid|validation|val|test|tt|testing|eval|evaluation|clean|other|"
    "noisy|min|max|wavs?|wav8k|wav16k|wav48|flac|audio|speech|clips|data|recordings|si_tr_s|si_et_05|si_dt_05"
)
"""Words of folders that are a part of a set, or hold its audio."""
SORTS: Final = re.compile(
    "digits|letters|numbers|phonetic|dictate|silence|followme|words|sentences|syllables|phonemes|commands|names|"
    "colou?rs|animals|dates|times|months|days|prompts|short|long|male|female"
)
"""Folders that are a sort of recording rather than a speaker."""

Recordings = Mapping[str, Sequence[Path]]
"""Recordings by speaker."""


@dataclass(frozen=True)
class NameForm:
    """How a data set writes the speaker into a path; group 1 is the speaker."""

    name: str
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, name: str, pattern: str) -> NameForm:
        """Return a form for a pattern that is searched in a path without its suffix, case ignored."""
        return cls(name, re.compile(pattern, re.IGNORECASE))


NAMED: Final = (
    NameForm.of("LibriSpeech's names", r"(?:^|/)(\d+)-\d+-\d+$"),
    NameForm.of("LibriTTS's names", r"(?:^|/)(\d+)_\d+_\d{6}_\d{6}$"),
    NameForm.of("LJSpeech's names", r"(?:^|/)(LJ)\d{3}-\d{4}$"),
    NameForm.of("VCTK's names", r"(?:^|/)(p\d{3}|s5)_\d{3}(?:_mic\d)?$"),
    NameForm.of("VoxCeleb's folders", r"(?:^|/)(id\d{5})/"),
    NameForm.of("TIMIT's folders", r"(?:^|/)([FM][A-Z]{3}\d)/S[AIX]\d+(?:\.wav)?$"),
    NameForm.of("WSJ0's names", r"(?:^|/)(\d\d[0-9a-z])[a-z]\d\d[0-9a-z]{2}$"),
    NameForm.of("AISHELL's names", r"(?:^|/)[A-Z]{2}C\d+(S\d{4})W\d{4}$"),
    NameForm.of("CMU ARCTIC's folders", r"(?:^|/)(cmu_us_[a-z]+)_arctic/"),
    NameForm.of("RAVDESS's folders", r"(?:^|/)(Actor_\d+)/"),
    NameForm.of("Asterisk's folders", r"(?:^|/)([a-z]{2}(?:_[A-Z]{2})?_[fm]_[^/]+)/"),
)


@dataclass(frozen=True)
class SpeakerGroups:
    """Recordings by speaker, how they were told apart, and the recordings that were left out."""

    speakers: Recordings
    rule: str
    left_out: Sequence[Path] = field(default=())

    def sentence(self, folder: Path) -> str:
        """Return what was found, with counts and names."""
        count = sum(map(len, self.speakers.values()))
        names = first_few([f"{name} {len(paths)}" for name, paths in self.speakers.items()], 4)
        text = f"{folder}: {counted(count, 'recording')}, {counted(len(self.speakers), 'speaker')}, told apart by "
        text += f"{self.rule} ({names})"
        if self.left_out:
            text += f"; {counted(len(self.left_out), 'recording')} left out that name no speaker"
            text += f" ({self.left_out[0].name})"
        return text


def group_by_speaker(folder: Path, way: str = "") -> SpeakerGroups:
    """Group the recordings below a folder; ``way`` is ``folders``, ``files``, ``one`` or a pattern, or empty.

    Folders that all recordings have in common are passed over.

    Raises:
        AudioError: there is none, or names don't tell the speakers and no way was given: the message has the ways.
        OptionError: a pattern has no ``{speaker}``, or fits no recording.
    """
    if folder.is_file():
        raise AudioError(f"{folder}: is a file, expected a folder of speech; give the folder that it lies in")
    paths = audio_files(folder)
    if not paths:
        raise AudioError(f"{folder}: found no recordings, expected a folder of speech ({', '.join(SUFFIXES)})")
    if way:
        return _as_asked(folder, paths, way)
    return _by_table(folder, paths) or _by_names(folder, paths) or _by_folders(folder, paths)


def _as_asked(folder: Path, paths: Sequence[Path], way: str) -> SpeakerGroups:
    if way == ONE:
        return SpeakerGroups({folder.resolve().name: paths}, "--one-speaker")
    if way == FILES:
        return _grouped(paths, lambda path: _relative(folder, path), "--speakers files")
    if way == FOLDERS:
        groups = _in_folders(folder, paths, "--speakers folders")
    else:
        groups = _by_pattern(folder, paths, way)
    if not groups.speakers:
        raise OptionError(
            f"--speakers {way}: fits none of {len(paths)} recordings in {folder} "
            f"({_relative(folder, paths[0])} is one); {_ways(folder, paths)}"
        )
    return groups


def _by_pattern(folder: Path, paths: Sequence[Path], way: str) -> SpeakerGroups:
    pattern = _compiled(way)
    return _grouped(paths, lambda path: _first_group(pattern, _relative(folder, path)), f"--speakers {way}")


def _compiled(way: str) -> re.Pattern[str]:
    """Return a pattern of paths: ``*`` stands for anything but a slash, ``**`` for anything.

    Without a slash it is one of file names, wherever they lie.

    >>> _compiled("*/{speaker}_*").search("wav48/p225_001.wav").group(1)
    'p225'
    """
    if way.count(SPEAKER) != 1:
        raise OptionError(
            f"--speakers: found {way!r}, expected `folders`, `files` or a pattern with one {SPEAKER} in it, for "
            f"example '{SPEAKER}_*' or '*/{SPEAKER}/*'"
        )
    words = {SPEAKER: "([^/]+?)", "**": ".*", "*": "[^/]*"}
    parts = re.split(r"(\{speaker\}|\*\*|\*)", way)
    start = "^" if "/" in way else "(?:^|/)"
    return re.compile(start + "".join(words.get(part, re.escape(part)) for part in parts) + "$")


def _by_table(folder: Path, paths: Sequence[Path]) -> SpeakerGroups | None:
    speakers = dict(row for table in sorted(folder.rglob("*.tsv")) for row in _common_voice(table))
    if not speakers:
        return None
    return _believed(paths, lambda path: speakers.get(path.stem, ""), "a table of Common Voice")


def _common_voice(table: Path) -> Iterable[tuple[str, str]]:
    """Yield name without suffix and speaker of each row of a table; none of any other table."""
    with table.open(newline="", encoding="utf-8", errors="replace") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if not row.get("client_id") or not row.get("path"):
                return
            yield PurePosixPath(row["path"]).stem, row["client_id"][:12]


def _by_names(folder: Path, paths: Sequence[Path]) -> SpeakerGroups | None:
    # The folder's own name counts: it may be the speaker's.
    top = folder.resolve().name
    seen: dict[str, None] = {}

    def speaker(path: Path) -> str:
        name = f"{top}/{PurePosixPath(_relative(folder, path)).with_suffix('')}"
        for form in NAMED:
            if found := _first_group(form.pattern, name):
                seen[form.name] = None
                return found
        return ""

    groups = _believed(paths, speaker, "")
    return groups and replace(groups, rule=" and ".join(seen))


def _by_folders(folder: Path, paths: Sequence[Path]) -> SpeakerGroups:
    """Take each folder for a speaker; refuse where that is a guess."""
    groups = _in_folders(folder, paths, "their folders")
    sorts = [name for name in groups.speakers if SORTS.fullmatch(name.lower())]
    if groups.left_out or sorts or len(groups.speakers) < 2:
        raise AudioError(
            f"{folder}: found {counted(len(paths), 'recording')} whose names don't say who speaks; "
            f"{_ways(folder, paths)}"
        )
    return groups


def _in_folders(folder: Path, paths: Sequence[Path], rule: str) -> SpeakerGroups:
    common = Path(os.path.commonpath([path.parent for path in paths]))
    return _grouped(paths, lambda path: _folder_of(common, path), rule)


def _folder_of(folder: Path, path: Path) -> str:
    """Return the folder of a recording that may be its speaker: the first that is no part; empty for a file."""
    return next((name for name in path.relative_to(folder).parts[:-1] if not _is_part(name)), "")


def _is_part(name: str) -> bool:
    """Tell whether a folder is a part of a set by its name.

    >>> _is_part("train-clean-100"), _is_part("p225")
    (True, False)
    """
    words = [word for word in re.split(r"[-_. ]+", name.lower()) if not word.isdigit()]
    return bool(PARTS.fullmatch(name.lower())) or (bool(words) and all(map(PARTS.fullmatch, words)))


def _believed(paths: Sequence[Path], speaker: Callable[[Path], str], rule: str) -> SpeakerGroups | None:
    groups = _grouped(paths, speaker, rule)
    return groups if len(groups.left_out) <= (1 - LEAST_SHARE) * len(paths) else None


def _grouped(paths: Sequence[Path], speaker: Callable[[Path], str], rule: str) -> SpeakerGroups:
    speakers: dict[str, list[Path]] = {}
    left_out = []
    for path in paths:
        name = speaker(path)
        if name:
            speakers.setdefault(name, []).append(path)
        else:
            left_out.append(path)
    return SpeakerGroups(speakers, rule, left_out)


def _ways(folder: Path, paths: Sequence[Path]) -> str:
    """Return the ways to choose from, each with the speakers that it would find."""
    ways = ["--one-speaker (a single voice)"]
    folders = _in_folders(folder, paths, "")
    if len(folders.speakers) > 1:
        ways.append(
            f"--speakers folders ({len(folders.speakers)} speakers: {first_few(list(folders.speakers), 3)})"
        )
    for way in (f"{SPEAKER}_*", f"{SPEAKER}-*"):
        named = _by_pattern(folder, paths, way)
        if not named.left_out and 1 < len(named.speakers) < len(paths) / 2:
            ways.append(f"--speakers '{way}' ({len(named.speakers)}: {first_few(list(named.speakers), 3)})")
    ways.append(f"--speakers files ({len(paths)}, one a file)")
    ways.append(f"--speakers PATTERN with {SPEAKER} in it, such as '*/{SPEAKER}/*'")
    return "say it: " + ", ".join(ways)


def _relative(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _first_group(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found.group(1) if found else ""
