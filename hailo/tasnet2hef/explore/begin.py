"""Begins a study: the model, its students, the speech and the points, all in the study's folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.records import shown
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.base.text import nearest
from tasnet2hef.base.version import __version__
from tasnet2hef.explore.files import MODEL
from tasnet2hef.explore.grid import Axes, default_grid, points_of
from tasnet2hef.explore.options import Study
from tasnet2hef.explore.point import EXACT, FROZEN, Point, canonical
from tasnet2hef.explore.product import Product, Store
from tasnet2hef.explore.speech import digest_of_speech, draw_speech
from tasnet2hef.guide.decisions import STREAMING_NORMS
from tasnet2hef.guide.journal import digest_of
from tasnet2hef.model.checkpoint import Checkpoint, load_checkpoint
from tasnet2hef.model.network.norms import norm_strategy
from tasnet2hef.train.options import SpeechOptions
from tasnet2hef.train.saving import save_atomically, serialize


def load_model(checkpoint: str, settings: Mapping[str, object], *, assume: bool) -> Checkpoint:
    """Read the model of a study.

    Raises:
        CheckpointError: it can't be read.
        OptionError: it separates recordings of several channels.
    """
    model = load_checkpoint(checkpoint, settings, assume=assume)
    if model.spec.audio_channels > 1:
        raise OptionError(
            f"{checkpoint}: found a net over {model.spec.audio_channels} channels, expected one channel: mixtures "
            "are made of single voices; use convert and simulate by hand"
        )
    return model


def load_students(grids: Iterable[Axes], model: Checkpoint) -> dict[str, Checkpoint]:
    """Read the checkpoints that grids name, by their names there.

    Raises:
        CheckpointError: one can't be read.
        OptionError: one is a misspelt word, or has another number of sources or another rate than the model.
    """
    names = dict.fromkeys(name for grid in grids for name in grid.norms if name not in (EXACT, FROZEN))
    for name in names:
        if not Path(name).exists() and (hint := nearest(name, (EXACT, FROZEN))):
            raise OptionError(f"norms: found {shown(name)}, expected {EXACT}, {FROZEN} or a checkpoint; {hint}")
    students = {name: load_checkpoint(name) for name in names}
    for name, student in students.items():
        for what in ("n_src", "sample_rate", "audio_channels"):
            ours, theirs = getattr(model.spec, what), getattr(student.spec, what)
            if ours != theirs:
                raise OptionError(
                    f"norms: {name}: found {what} {theirs}, expected the model's {ours}; give one of its students"
                )
    return students


def choose_points(
    model: Checkpoint, students: Mapping[str, Checkpoint], grids: Sequence[Axes] | None = None
) -> tuple[Point, ...]:
    """Return the points of some grids (of the default one where there are none) that make different graphs."""
    if grids is None:
        streams = STREAMING_NORMS.issuperset(model.spec.norms)
        spec = model.spec
        grids = default_grid(streams_over_time=streams, has_skip=bool(spec.skip_chan), causal=spec.causal)
    facts = {EXACT: model.spec, **{name: student.spec for name, student in students.items()}}
    folded = {name: _is_folded(spec) for name, spec in facts.items()} | {FROZEN: True}
    skips = {name: bool(spec.skip_chan) for name, spec in facts.items()}
    points = [
        canonical(point, is_folded=folded[point.norms], has_skip=skips.get(point.norms, skips[EXACT]))
        for point in points_of(grids)
    ]
    return tuple(dict.fromkeys(points))


def keep_inputs(
    study: Study,
    store: Store,
    model: Checkpoint,
    students: Mapping[str, Checkpoint],
    speech: Path,
    options: SpeechOptions,
) -> tuple[Study, tuple[str, ...]]:
    """Put model, students and mixtures into the store; return the study with their keys, and notes.

    Clips are at least as long as the longest window.

    Raises:
        AudioError: the speech can't be used.
        RefusedError: the model does not separate it.
    """
    longest = max((point.seconds for point in study.points if not point.chunk), default=0.0)
    options = replace(options, seconds=max(options.seconds, longest))
    mixtures, notes = draw_speech(model, speech, options)
    speech_key = f"speech-{digest_of(__version__, digest_of_speech(mixtures), sorted(mixtures.record.items()))}"
    store.put(speech_key, mixtures)
    keys = {name: keep_model(store, student) for name, student in students.items()}
    return replace(study, model=keep_model(store, model), speech=speech_key, students=keys), notes


def keep_model(store: Store, model: Checkpoint) -> str:
    """Put a net into the store; return its key."""
    key = key_of_model(model)
    with tempfile.TemporaryDirectory(prefix="tasnet2hef-") as name:
        path = Path(name) / MODEL
        save_atomically(serialize(model.reference(), model.input_level_dbfs), path)
        store.put(key, Product({}, {MODEL: path.read_bytes()}))
    return key


def key_of_model(model: Checkpoint) -> str:
    """Return the key of a net: a digest of its architecture, its weights and its level."""
    spec = sorted(model.spec.as_dict().items())
    return f"model-{digest_of(__version__, spec, model.digest, model.input_level_dbfs)}"


def _is_folded(spec: TasNetSpec) -> bool:
    try:
        return norm_strategy(spec) == "folded"
    except OptionError:  # it has no form on the chip: a point of it says so
        return False
