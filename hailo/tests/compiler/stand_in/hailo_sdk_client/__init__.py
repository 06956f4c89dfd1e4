"""A STAND-IN FOR TESTS. THIS IS NOT THE HAILO DATAFLOW COMPILER AND COMPILES NOTHING.

It keeps the recorded contract of the vendor's package as far as the driver uses it: signatures, the shapes that
calibration data must have, the classes and texts of exceptions. Its HN is this project's own prediction, its
emulator is ONNX Runtime with noise, and its "HEF" is a line of text that says so. What it proves is the driver's
conduct; it proves nothing about the real compiler. ``STAND_IN_FAULT`` (a JSON file) has it fail as asked.
"""

from __future__ import annotations

import enum
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from hailo_sdk_client.faults import BadInputsShape, ScriptParserError, release, strike

__version__ = release().get("version", "0.0.0-stand-in-for-tests")
LOUD = "STAND-IN FOR TESTS: NOT MADE BY THE HAILO DATAFLOW COMPILER"
QUANTISED_NOISE = 0.03


class InferenceContext(enum.Enum):
    SDK_NATIVE = "native"
    SDK_FP_OPTIMIZED = "fp_optimized"
    SDK_QUANTIZED = "quantized"
    if (
        "STAND_IN_BIT_EXACT" in os.environ
    ):  # public code names no such member: compilers with and without are tested
        SDK_BIT_EXACT = "bit_exact"


class ClientRunner:
    """Keyword arguments only, as all public code calls it."""

    def __init__(self, *, hw_arch: str | None = None, har: str | None = None) -> None:
        print(f"[info] {LOUD}", flush=True)
        self._state: dict[str, Any] = {"hw_arch": hw_arch, "script": "", "stage": "uninitialized"}
        if har is not None:
            text = Path(har).read_text(encoding="utf-8")
            assert text.startswith(LOUD), "a HAR of something else than the stand-in"
            self._state = json.loads(text.split("\n", 1)[1])

    def translate_onnx_model(
        self,
        model: str,
        net_name: str | None = None,
        start_node_names: list[str] | None = None,
        end_node_names: list[str] | None = None,
        net_input_shapes: dict[str, list[int]] | None = None,
    ) -> tuple[Any, None]:
        print("[info] Translation started on ONNX model", net_name, flush=True)
        strike("translate", self._state["script"], str(net_name))
        assert start_node_names is not None
        assert end_node_names is not None
        assert net_input_shapes is not None
        assert set(net_input_shapes) == set(start_node_names), "shapes go by the start nodes"
        self._state |= {"hn": _predicted_hn(model, str(net_name)), "model": model, "stage": "parsed"}
        print("[info] Translation completed on ONNX model", net_name, flush=True)
        return self._state["hn"], None

    def get_hn_dict(self) -> dict[str, Any]:
        actual: dict[str, Any] = self._state["hn"]
        return actual

    def save_har(self, path: str) -> None:
        Path(path).write_text(f"{LOUD}\n{json.dumps(self._state)}", encoding="utf-8")

    def load_model_script(self, script: str, append: bool = False) -> None:
        if any(line.startswith("normalization(") for line in script.split("\n")):
            raise ScriptParserError("Parsing failed at: >!<normalization(")
        self._state["script"] = f"{self._state['script']}\n{script}" if append else script

    def optimize(self, calib_data: Any) -> None:
        print("[info] Starting Model Optimization", flush=True)
        strike("optimize", self._state["script"], self._state["hn"]["name"])
        if isinstance(calib_data, list):
            raise ValueError("Couldn't detect CalibrationDataType")
        _require_calibration(calib_data, self._state["hn"])
        self._state["stage"] = "quantized"
        print("[info] Model Optimization is done", flush=True)

    @contextmanager
    def infer_context(self, kind: InferenceContext) -> Iterator[InferenceContext]:
        strike(f"emulate {kind.value}", self._state["script"])
        yield kind

    def infer(self, context: InferenceContext, dataset: Any) -> list[Any]:
        single = next(
            name for name, layer in self._state["hn"]["layers"].items() if layer["type"] == "input_layer"
        )
        by_layer = dataset if isinstance(dataset, dict) else {single: np.asarray(dataset)}
        outputs = _run_onnx(self._state["model"], by_layer, self._state["hn"])
        noise = 0.0 if context.value in ("native", "fp_optimized") else QUANTISED_NOISE
        random = np.random.default_rng(0)
        return [each + noise * each.std() * random.standard_normal(each.shape).astype("f4") for each in outputs]

    def compile(self) -> bytes:
        print("[info] Starting Hailo allocation and compilation flow", flush=True)
        assert self._state["stage"] == "quantized", "compile before optimize"
        strike("compile", self._state["script"], self._state["hn"]["name"])
        several = "context_switch_param(mode=enabled)" in self._state["script"]
        print("Found valid partition to 3 contexts" if several else "Using Single-context flow", flush=True)
        print("[info] Building HEF...", flush=True)
        return b"\x01HEF " + LOUD.encode() + b"\n" + json.dumps(self._state["script"]).encode()


def _predicted_hn(model: str, net_name: str) -> dict[str, Any]:
    """Return this project's prediction as an HN; ``STAND_IN_RENAME`` (old=new) makes it differ."""
    from tasnet2hef.target.graph.layers import as_json
    from tasnet2hef.target.graph.opened import OpenedGraph

    net = OpenedGraph.read(model).net
    old, _, new = os.environ.get("STAND_IN_RENAME", "=").partition("=")

    def scoped(name: str) -> str:
        return f"{net_name}/{new if name == old else name}"

    layers = {
        scoped(layer.name): {
            "type": layer.type,
            "input": [scoped(name) for name in layer.inputs],
            "output": [scoped(name) for name in layer.outputs],
            "input_shapes": [list(shape) for shape in layer.input_shapes],
            "output_shapes": [list(shape) for shape in layer.output_shapes],
            "original_names": list(layer.original_names),
            "params": {name: as_json(value) for name, value in layer.param_items},
            "weights": layer.weights,
            "macs": layer.macs,
            "ops": layer.ops,
        }
        for layer in net
    }
    order = [scoped(layer.inputs[0]) for layer in net.outputs]
    return {"name": net_name, "net_params": {"output_layers_order": order}, "layers": layers}


def _require_calibration(calib_data: Any, hn: dict[str, Any]) -> None:
    for name, layer in hn["layers"].items():
        if layer["type"] != "input_layer":
            continue
        shape = tuple(layer["output_shapes"][0][1:])
        actual = calib_data[name].shape[1:]
        if actual != shape:
            raise BadInputsShape(
                f"Data shape {actual} for layer {name} doesn't match network's input shape {shape}"
            )


def _run_onnx(model: str, windows: dict[str, Any], hn: dict[str, Any]) -> list[Any]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    shapes = {port.name: port.shape for port in session.get_inputs()}
    ports = {layer: hn["layers"][layer]["original_names"][0] for layer in windows}
    runs = []
    for number in range(len(next(iter(windows.values())))):
        feeds = {ports[layer]: array[number].transpose(2, 0, 1) for layer, array in windows.items()}
        runs.append(session.run(None, {name: each.reshape(shapes[name]) for name, each in feeds.items()}))
    return [np.stack([run[place][0].transpose(1, 2, 0) for run in runs]) for place in range(len(runs[0]))]
