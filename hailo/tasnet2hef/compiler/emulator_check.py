"""Compares each mode of the emulator with ONNX Runtime on the same windows, and names the first that disagrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tasnet2hef.base.agreement import EMULATOR_FLOORS_DB
from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.parity import signal_to_error_db
from tasnet2hef.compiler.inputs import CompileInputs
from tasnet2hef.compiler.stages.vendor import BIT_EXACT, windows_of
from tasnet2hef.runtime.backends.frames import to_nchw, to_nhwc
from tasnet2hef.runtime.backends.onnxruntime import open_cpu_session

Array = NDArray[np.float32]

WINDOWS: Final = 4
LEAST_AGREEMENT_DB: Final[Mapping[str, float]] = {
    **EMULATOR_FLOORS_DB,
    BIT_EXACT: EMULATOR_FLOORS_DB["quantised"],
}
"""Signal-to-error below which a mode disagrees."""
MEANINGS: Final[Mapping[str, str]] = {
    "native": "the parse: start and end nodes, or a layer that was parsed wrongly",
    "optimised": "the model script, or the end nodes",
    "quantised": "calibration data, optimisation level, or layers that need 16 bits",
    BIT_EXACT: "the chip's integer arithmetic: accumulators that overflow, which the quantised mode does not show",
}


@dataclass(frozen=True)
class EmulatorResult:
    """One mode of the emulator: agreement of its worst output with ONNX Runtime, or why there is none."""

    mode: str
    agreement_db: float | None
    reason: str = ""

    @property
    def disagrees(self) -> bool:
        """Return whether the agreement is below the least that this mode should reach."""
        return self.agreement_db is not None and self.agreement_db < LEAST_AGREEMENT_DB[self.mode]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        level = None if self.agreement_db is None else round(self.agreement_db, 3)
        return {
            "mode": self.mode,
            "agreement_db": level,
            "least_agreement_db": LEAST_AGREEMENT_DB[self.mode],
            "disagrees": self.disagrees,
            "reason": self.reason,
        }


def compare_modes(
    inputs: CompileInputs, emulated: Path, facts: Mapping[str, Any], hn: Mapping[str, Any]
) -> tuple[EmulatorResult, ...]:
    """Compare every mode's outputs, window by window, with ONNX Runtime's; the bit-exact one where it was run."""
    expected = reference_outputs(inputs)
    order = output_order(inputs, facts["order"], hn)
    with np.load(emulated, allow_pickle=False) as archive:
        run = {name.rpartition(".")[0] for name in archive.files} | set(facts["errors"])
        modes = [mode for mode in LEAST_AGREEMENT_DB if mode in run or mode != BIT_EXACT]
        return tuple(_compare(mode, archive, order, expected, facts["errors"]) for mode in modes)


def first_disagreeing(results: Sequence[EmulatorResult]) -> EmulatorResult | None:
    """Return the first mode that disagrees; None where none does."""
    return next((result for result in results if result.disagrees), None)


def reference_outputs(inputs: CompileInputs) -> dict[str, Array]:
    """Return ONNX Runtime's outputs for the first windows of the calibration set, NHWC, windows stacked.

    Raises:
        GraphError: an input is not 4-D or has no array, or ONNX Runtime can't run the graph.
    """
    arrays = arrays_by_input(inputs)
    with np.load(inputs.calibration, allow_pickle=False) as archive:
        windows = {name: archive[array][:WINDOWS].astype(np.float32) for name, array in arrays.items()}
    try:
        session = open_cpu_session(str(inputs.model), 1)
        runs = []
        for parts in zip(*windows.values(), strict=True):
            named = zip(windows, parts, strict=True)
            runs.append(
                session.run(None, {name: to_nchw(part).reshape(inputs.inputs[name]) for name, part in named})
            )
    except Exception as error:  # ONNX Runtime's errors have no base class in common
        raise GraphError(f"{inputs.model}: ONNX Runtime can't run it ({error})") from error
    return {
        output: np.stack([_features_last(run[place]) for run in runs])
        for place, output in enumerate(inputs.outputs)
    }


def arrays_by_input(inputs: CompileInputs) -> dict[str, str]:
    """Return the name of the calibration array for each ONNX input.

    Raises:
        GraphError: an input is not 4-D, or has no array.
    """
    layers = {layer.original_names[0]: layer.name for layer in inputs.report.net.inputs}
    if len(layers) == len(inputs.arrays) == 1:
        layers = dict.fromkeys(layers, inputs.arrays[0])
    axes = {name: len(shape) for name, shape in inputs.inputs.items()}
    if set(axes.values()) != {4} or not {layers.get(name, "") for name in axes} <= set(inputs.arrays):
        raise GraphError(
            f"{inputs.model}: found inputs of {axes} axes and arrays {', '.join(inputs.arrays)}, expected 4 and "
            "an array each to compare outputs"
        )
    return {name: layers[name] for name in axes}


def _features_last(output: Array) -> Array:
    """Return an ONNX output without its batch axis: ``[height, width, features]`` if it has four axes."""
    return to_nhwc(output) if output.ndim == 4 else output[0]


def output_order(inputs: CompileInputs, order: Sequence[str], hn: Mapping[str, Any]) -> list[str]:
    """Return the ONNX outputs in the compiler's order, matched by the nodes that its output layers came from.

    If that does not identify every output, the graph's own order is used.
    """
    layers = hn["layers"]
    nodes = dict(zip(inputs.end_nodes, inputs.outputs, strict=True)) | {name: name for name in inputs.outputs}
    matched = []
    for name in order:
        names = [name, *(key for key, layer in layers.items() if _is_output(layer) and name in layer["input"])]
        origins = [origin for key in names for origin in layers.get(key, {}).get("original_names", ())]
        matched += [nodes[origin] for origin in origins if origin in nodes][:1]
    return matched if sorted(matched) == sorted(inputs.outputs) else list(inputs.outputs)


def _is_output(layer: Mapping[str, Any]) -> bool:
    return layer.get("type") == "output_layer"


def _compare(
    mode: str, archive: Any, order: Sequence[str], expected: Mapping[str, Array], errors: Mapping[str, str]
) -> EmulatorResult:
    if mode in errors:
        return EmulatorResult(mode, None, errors[mode])
    levels = []
    for number, name in enumerate(order):
        if f"{mode}.{number}" not in archive.files:
            return EmulatorResult(
                mode, None, f"found no output {number} ({name}) of the emulator, expected {len(order)}"
            )
        output, wanted = archive[f"{mode}.{number}"], expected[name][: windows_of(mode, WINDOWS)]
        if output.size != wanted.size:
            return EmulatorResult(mode, None, f"{name}: found {list(output.shape)}, expected {list(wanted.shape)}")
        levels.append(signal_to_error_db(wanted, output.reshape(wanted.shape)))
    return EmulatorResult(mode, min(levels))
