"""The tracks of a run as audio players: a row per source, a column per kind, each with its spectrogram."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasnet2hef.audio.files import Clip, read_clip
from tasnet2hef.base.errors import OptionError
from tasnet2hef.report.charts import can_draw, draw_spectrogram, spectrum
from tasnet2hef.report.listening import AUDIO_FOLDER, KINDS, MIXTURE


@dataclass(frozen=True)
class Player:
    """One clip: FLAC as a data URI, its picture as SVG (empty without matplotlib)."""

    title: str
    source: str
    spectrogram: str
    si_sdr_db: float | None
    seconds: float


@dataclass(frozen=True)
class PlayerRow:
    """The mixture alone, or one source in every available kind."""

    title: str
    players: tuple[Player, ...]


@dataclass(frozen=True)
class Players:
    """All rows, and the kinds without a track."""

    recording: str
    rows: tuple[PlayerRow, ...]
    absent: tuple[str, ...]
    notes: tuple[str, ...]


def players_of(result: Mapping[str, Any], folder: Path) -> Players:
    """Read the tracks of a report folder.

    Raises:
        AudioError: one is missing or damaged.
        OptionError: a track's path is outside the folder.
    """
    tracks = {(track["kind"], int(track["source"])): track for track in result["tracks"]}
    clips = {key: read_clip(_inside(folder, track["file"])) for key, track in tracks.items()}
    loudest = _loudest(clips[MIXTURE, 0])
    sources = sorted({source for _, source in tracks if source})
    rows = [PlayerRow("Mixture", (_player(MIXTURE, tracks[MIXTURE, 0], clips[MIXTURE, 0], loudest),))]
    for source in sources:
        keys = [(kind, source) for kind in KINDS if (kind, source) in tracks]
        players = tuple(_player(f"Source {source}, {key[0]}", tracks[key], clips[key], loudest) for key in keys)
        rows.append(PlayerRow(f"Source {source}", players))
    absent = tuple(kind for kind in KINDS if not any(key[0] == kind for key in tracks))
    return Players(str(result["recording"]), tuple(rows), absent, tuple(result["notes"]))


def _inside(folder: Path, name: str) -> Path:
    path = folder / AUDIO_FOLDER / Path(name).name
    if Path(name) != Path(AUDIO_FOLDER, path.name):
        raise OptionError(f"{folder}: found a track {name!r}, expected one in {AUDIO_FOLDER}/; listen again")
    return path


def _loudest(clip: Clip) -> float:
    return float(spectrum(clip.samples[0], clip.sample_rate_hz)[0].max()) if can_draw() else 1.0


def _player(title: str, track: Mapping[str, Any], clip: Clip, loudest: float) -> Player:
    encoded = base64.b64encode(clip.path.read_bytes()).decode()
    drawn = draw_spectrogram(clip.samples[0], clip.sample_rate_hz, loudest) if can_draw() else ""
    return Player(title, f"data:audio/flac;base64,{encoded}", drawn, track["si_sdr_db"], clip.seconds)
