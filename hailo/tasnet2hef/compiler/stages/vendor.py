"""The calls of the vendor's compiler, stage by stage. They run in a stage's own process only."""

from __future__ import annotations

import importlib
import importlib.util
import json
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tasnet2hef.base.files import written_beside
from tasnet2hef.compiler.stages.job import StageJob, StageResult, write_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLIENT: Final = "hailo_sdk_client"
"""The compiler's package."""
HAR, HN, HEF, EMULATED = "model.har", "hn.json", "model.hef", "emulated.npz"
HEF_MAGIC: Final = b"\x01HEF"
BIT_EXACT: Final = "bit exact"
CONTEXTS: Final = {
    "native": "SDK_NATIVE",
    "optimised": "SDK_FP_OPTIMIZED",
    "quantised": "SDK_QUANTIZED",
    BIT_EXACT: "SDK_BIT_EXACT",
}
"""The emulator's modes, by their names here. Public code calls the first three (recorded); the last is inferred
from the vendor's naming, and left out where the compiler has none."""


class StageInputError(ValueError):
    """The stage can't be given its inputs: no answer of the compiler."""


def versions(job: StageJob) -> StageResult:
    """Import the compiler, which is the only proof that it is there, and return its versions."""
    if importlib.util.find_spec(CLIENT) is None:
        print(f"Hailo Dataflow Compiler not found, looked in: {', '.join(each for each in sys.path if each)}")
        return StageResult(error=f"ModuleNotFoundError: No module named '{CLIENT}'")
    facts = {"compiler": str(_client().__version__), "python": platform.python_version()}
    return StageResult(facts=facts)


def translate(job: StageJob) -> StageResult:
    """Parse the ONNX graph; save the HAR and the compiler's graph (HN)."""
    runner = _client().ClientRunner(hw_arch=job.hardware)
    runner.translate_onnx_model(
        job.model,
        job.net_name,
        start_node_names=list(job.start_nodes),
        end_node_names=list(job.end_nodes),
        net_input_shapes=job.input_shapes,
    )
    folder = Path(job.folder)
    write_json(folder / HN, plain(runner.get_hn_dict()))
    _save_har(runner, folder)
    return StageResult(files={"har": HAR, "hn": HN})


def optimize(job: StageJob) -> StageResult:
    """Quantise with the model script and the calibration set, keyed by the names of the HN's input layers."""
    runner = _client().ClientRunner(har=job.har)
    if job.script:
        runner.load_model_script(job.script)
    runner.optimize(calibration_by_layer(job, runner.get_hn_dict()))
    _save_har(runner, Path(job.folder))
    return StageResult(files={"har": HAR})


def emulate(job: StageJob) -> StageResult:
    """Run the emulator's modes on a few windows; one that fails is recorded, and the others still run."""
    client = _client()
    runner = client.ClientRunner(har=job.har)
    hn = runner.get_hn_dict()
    everything = calibration_by_layer(job, hn)
    arrays: dict[str, NDArray[np.float32]] = {}
    errors: dict[str, str] = {}
    for mode in modes_of(client):
        few = {name: array[: windows_of(mode, job.windows)] for name, array in everything.items()}
        try:
            with runner.infer_context(getattr(client.InferenceContext, CONTEXTS[mode])) as context:
                outputs = runner.infer(context, few if len(few) > 1 else next(iter(few.values())))
        except Exception as error:  # the other modes may still work
            errors[mode] = f"{type(error).__name__}: {error}"
            continue
        arrays_of_mode = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        arrays.update({f"{mode}.{number}": np.asarray(each) for number, each in enumerate(arrays_of_mode)})
    with written_beside(Path(job.folder) / EMULATED) as part:
        np.savez(part, **arrays)  # type: ignore[arg-type]
    order = hn.get("net_params", {}).get("output_layers_order", [])
    return StageResult(files={"emulated": EMULATED}, facts={"errors": errors, "order": list(order)})


def modes_of(client: Any) -> list[str]:
    """Return the emulator's modes, the bit-exact one only where this compiler offers it."""
    offered = getattr(client.InferenceContext, CONTEXTS[BIT_EXACT], None) is not None
    return [mode for mode in CONTEXTS if offered or mode != BIT_EXACT]


def windows_of(mode: str, windows: int) -> int:
    """Return how many of ``windows`` to emulate in a mode: at most one where the emulator computes in integers."""
    return min(windows, 1) if mode == BIT_EXACT else windows


def compile_hef(job: StageJob) -> StageResult:
    """Compile; save the HEF and the compiled HAR."""
    runner = _client().ClientRunner(har=job.har)
    if job.script:
        runner.load_model_script(job.script, append=True)
    hef = runner.compile()
    if not isinstance(hef, (bytes, bytearray)) or not hef.startswith(HEF_MAGIC):
        raise ValueError(
            f"compile() returned {type(hef).__name__} that is not a HEF (expected it to start with 01 'HEF')"
        )
    folder = Path(job.folder)
    with written_beside(folder / HEF) as part:
        part.write_bytes(hef)
    _save_har(runner, folder)
    return StageResult(files={"hef": HEF, "har": HAR})


def calibration_by_layer(job: StageJob, hn: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
    """Return the calibration arrays under the full names of the HN's own input layers.

    Raises:
        StageInputError: an input layer has no array, or its shape is not that of the array's windows.
    """
    path, chosen = Path(job.calibration), array_of_layer(job, hn)
    arrays = {}
    with np.load(path, allow_pickle=False) as archive:
        for layer, shape in input_layers(hn):
            if chosen[layer] not in job.arrays:
                raise StageInputError(
                    f"{path}: found arrays {', '.join(job.arrays)}, expected one for input layer {layer}"
                )
            array = np.ascontiguousarray(archive[chosen[layer]], np.float32)
            if array.shape[1:] != shape:
                raise StageInputError(
                    f"{path}: found windows {list(array.shape[1:])}, {layer} expects {list(shape)}"
                )
            arrays[layer] = array
    return arrays


def array_of_layer(job: StageJob, hn: Mapping[str, Any]) -> dict[str, str]:
    """Return the array for each of the HN's input layers.

    A layer is matched by the graph's input that it came from (recorded for a net of one input, DFC 3.33), and by
    its number only where the HN does not name that input: states of equal shape must not be swapped.
    """
    layers = [name for name, _ in input_layers(hn)]
    origins = {layer: hn["layers"][layer].get("original_names", ()) for layer in layers}
    known = {
        layer: job.array_of_input[name]
        for layer in layers
        for name in origins[layer]
        if name in job.array_of_input
    }
    if len(known) == len(layers):
        return known
    if len(job.arrays) == len(layers) == 1:
        return dict.fromkeys(layers, job.arrays[0])
    return {layer: layer.rsplit("/", 1)[-1] for layer in layers}


def input_layers(hn: Mapping[str, Any]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the HN's input layers: full name, and NHWC shape without the batch axis."""
    for name, layer in hn["layers"].items():
        if layer["type"] == "input_layer":
            yield name, tuple(int(size) for size in layer["output_shapes"][0][1:])


def plain(hn: Any) -> Any:
    """Return a graph as plain JSON values: the vendor's numbers may be NumPy types.

    >>> plain({"macs": np.int64(3), "shape": np.array([1, 2])})
    {'macs': 3, 'shape': [1, 2]}
    """
    return json.loads(
        json.dumps(hn, default=lambda value: value.tolist() if hasattr(value, "tolist") else str(value))
    )


def _client() -> Any:
    """Import the vendor's package, late: only a stage's own process may, and only where it is installed."""
    return importlib.import_module(CLIENT)


def _save_har(runner: Any, folder: Path) -> None:
    with written_beside(folder / HAR) as part:
        runner.save_har(str(part))


STAGES: Final[Mapping[str, Callable[[StageJob], StageResult]]] = {
    "versions": versions,
    "translate": translate,
    "optimize": optimize,
    "emulate": emulate,
    "compile": compile_hef,
}
