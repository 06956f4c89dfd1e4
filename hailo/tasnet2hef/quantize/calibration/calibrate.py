"""Makes a calibration set from a folder of recordings: windows of audio, or chunks of a stream with past rows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import GraphError, OptionError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.marks import Mark
from tasnet2hef.base.outputs import Output, require_outputs
from tasnet2hef.base.progress import Progress, no_progress
from tasnet2hef.quantize.calibration.calibration_set import (
    CalibrationMetadata,
    short_digest,
    write_calibration,
)
from tasnet2hef.quantize.calibration.content import EMPTY_DBFS, ContentMeter, require_speech
from tasnet2hef.quantize.calibration.mix_choice import choose_mix
from tasnet2hef.quantize.calibration.report import CalibrationReport, set_bytes
from tasnet2hef.quantize.calibration.stream_excerpt import chunk_note, last_chunk
from tasnet2hef.quantize.calibration.window_draw import (
    CLIPPED_FROM,
    Draw,
    draw_windows,
    find_recordings,
    require_audio,
)
from tasnet2hef.runtime.backends.frames import window_to_frames
from tasnet2hef.runtime.backends.host_part import HostEnds
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.backends.segment_names import is_chip_part
from tasnet2hef.runtime.backends.segments import GRAPHS, open_graph
from tasnet2hef.target.alls.writer import FULL_SET
from tasnet2hef.target.graph.onnx_node import Shape
from tasnet2hef.target.graph.opened import OpenedGraph

DEFAULT_WINDOWS: Final = 64
LARGE_BYTES: Final = 1e9
"""A set of at least this size gets a note: `compile` passes all of it to the compiler at once."""
LayOut = Callable[[Sequence[Samples]], Mapping[str, Samples]]
"""Maps the excerpts ``[sample]`` of one run to the values of each input layer, in NHWC order."""


def calibrate_graph(
    graph: OpenedGraph,
    folder: Path,
    output: Path,
    draw: Draw,
    progress: Progress = no_progress,
    *,
    force: bool = False,
) -> CalibrationReport:
    """Write a calibration set for a graph from a folder of recordings; ``force`` replaces a file of another run.

    A graph with a state is streamed, in float, over an excerpt of a receptive field and a chunk, starting from
    silence; the last chunk is kept with its past rows, which are typical of any chunk in mid-stream. Its level is
    that of the excerpt. For a chip part the host's encoder, beside it, computes the chip's input.

    Raises:
        GraphError: the graph was not exported by tasnet2hef, or is a segment; or the host's encoder is missing.
        AudioError: there is too little audio, or a broken recording; or the windows hold noise, silence, one
            window again and again, or are far off the model's level.
        OptionError: an option is out of range, or the output can't be written.
        RefusedError: a graph with a state returned NaN or infinite samples.
    """
    _require_options(draw)
    contract = require_audio_contract(graph)
    layers = graph.window_shapes
    recordings, notes = find_recordings(folder)
    place = calibration_output(graph.made_from, folder, output, set_bytes(layers, draw.windows))
    require_outputs([place], [*graph.files, *(recording.path for recording in recordings)], force=force)
    notes += require_audio(recordings, contract, draw)
    if draw.mixed is None:
        mixed, why = choose_mix(recordings, contract, draw, open_graph(graph, threads=1))
        draw = replace(draw, mixed=mixed)
        notes += [why] if why else []
    mixed = draw.mixed or 1
    if contract.stateful:
        notes.append(chunk_note(contract))
    notes += _size_notes(layers, draw.windows)
    lay_out = _layers_of(graph)
    meter, clipped = ContentMeter(contract.spec.values_per_second), 0

    def windows() -> Iterator[Mapping[str, Samples]]:
        nonlocal clipped
        columns = _columns(contract)
        drawn = draw_windows(recordings, contract, replace(draw, windows=draw.windows * columns))
        for number in range(1, draw.windows + 1):
            side_by_side = list(itertools.islice(drawn, columns))
            window = np.concatenate(side_by_side)
            meter.note(window)
            clipped += bool(np.abs(window).max() >= CLIPPED_FROM)
            yield lay_out(side_by_side)
            progress(number, draw.windows)
        notes.extend(require_speech(meter.content(), contract, folder, any_data=draw.any_data))

    def metadata() -> CalibrationMetadata:
        content = meter.content()
        return CalibrationMetadata(
            model=graph.path.name,
            model_digest=short_digest(graph.digest),
            provenance=contract.to_json(),
            seed=draw.seed,
            windows=draw.windows,
            recordings=len(recordings),
            seconds_of_audio=sum(recording.seconds for recording in recordings),
            mixed=mixed,
            level_spread_db=draw.level_spread_db,
            silent_windows=content.silent,
            clipped_windows=clipped,
            median_level_db=EMPTY_DBFS if content.median_dbfs is None else content.median_dbfs,
            any_data=draw.any_data,
            notes=notes,
        )

    written = write_calibration(output, layers, windows(), draw.windows, metadata, place.mark.text)
    return CalibrationReport(output, layers, written, small_set_warning(draw.windows))


def calibration_output(made_from: str, folder: Path, path: Path, size_bytes: int = 0) -> Output:
    """Return the file of a set, for a graph that was ``made_from`` something, from a folder of recordings."""
    return Output(path, Mark.of("calibrate", made_from, folder.resolve().name), size_bytes)


def _layers_of(graph: OpenedGraph) -> LayOut:
    contract = graph.require_contract()
    if contract.stateful:
        return _chunk_layers(graph)
    if is_chip_part(contract):
        return _encoded_layers(graph)
    return _window_layer(contract, next(iter(graph.window_shapes)))


def _encoded_layers(graph: OpenedGraph) -> LayOut:
    contract, names = graph.require_contract(), graph.input_layers
    ends = HostEnds(graph.path, contract, GRAPHS, threads=1)

    def lay_out(windows: Sequence[Samples]) -> Mapping[str, Samples]:
        encoded = ends.encode(window_to_frames(windows[0], contract))
        return {layer: encoded[name] for name, layer in names.items()}

    return lay_out


def _window_layer(contract: GraphContract, name: str) -> LayOut:
    return lambda windows: {name: np.stack([window_to_frames(each, contract) for each in windows], axis=1)}


def _chunk_layers(graph: OpenedGraph) -> LayOut:
    names = graph.input_layers
    backend = OnnxRuntimeBackend(graph, threads=1)

    def lay_out(excerpts: Sequence[Samples]) -> Mapping[str, Samples]:
        inputs = last_chunk(backend, excerpts[0])
        return {names[name]: rows for name, rows in inputs.items()}

    return lay_out


def _size_notes(layers: Mapping[str, Shape], windows: int) -> list[str]:
    size = set_bytes(layers, windows)
    size_text = f"the set holds {size / 1e9:.1f} GB, and the compiler is given all of it at once"
    return [f"{size_text}; fewer --windows need less memory"] if size >= LARGE_BYTES else []


def _columns(contract: GraphContract) -> int:
    """Return how many windows lie side by side in one input of the graph."""
    _, _, height, width = contract.input_shape
    return height * width // contract.rows


def require_audio_contract(graph: OpenedGraph) -> GraphContract:
    """Return the contract of a graph that takes audio: as it is, or through the host's encoder.

    Raises:
        GraphError: it was not exported by tasnet2hef, its input is another graph's output (a segment), or it runs
            on the host.
    """
    contract = graph.require_contract()
    if contract.ends == "host" and not is_chip_part(contract):
        raise GraphError(
            f"{graph.path}: found a part that runs on the host, expected the part for the chip; use "
            "NAME.chip_part.onnx beside it"
        )
    if contract.segments > 1 and contract.ends == "chip":
        raise GraphError(
            f"{graph.path}: found a segment of a net, expected a graph that takes audio; use the whole export of "
            "the same model"
        )
    return contract


def small_set_warning(windows: int) -> str:
    """Return a warning on the passes lost with fewer than 1,024 windows, empty for enough of them."""
    if windows >= FULL_SET:
        return ""
    level = "level 0 or 1" if windows >= DEFAULT_WINDOWS else "level 0"
    return (
        f"{windows} windows: with fewer than {FULL_SET:,} the compiler falls back to optimisation {level} and "
        f"leaves out its fine-tuning (recorded), almost silently. `--windows {FULL_SET}` keeps it"
    )


def _require_options(draw: Draw) -> None:
    if draw.windows < 1:
        raise OptionError(
            f"windows: found {draw.windows}, expected 1 or more ({DEFAULT_WINDOWS}, or {FULL_SET:,})"
        )
    if draw.mixed is not None and not 1 <= draw.mixed <= 5:
        raise OptionError(f"mix: found {draw.mixed}, expected 1 to 5 recordings a window")
    if not 0 <= draw.level_spread_db <= 40:
        raise OptionError(f"level spread: found {draw.level_spread_db} dB, expected 0 to 40")
