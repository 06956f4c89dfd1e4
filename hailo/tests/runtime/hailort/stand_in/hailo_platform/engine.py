"""A stand-in for tests: computes a program with ONNX Runtime, on NHWC arrays, float or in the ends' own codes."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np


class Engine:
    def __init__(self, content: dict[str, Any]) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            base64.b64decode(content["onnx"]), options, providers=["CPUExecutionProvider"]
        )
        self._content = content

    def run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Map arrays by the streams' names to float arrays by the streams' names."""
        feeds = {}
        for end in self._content["inputs"]:
            real = to_real(inputs[end["name"]], end)
            feeds[end["port"]] = np.ascontiguousarray(real.transpose(2, 0, 1)[None])
        names = [end["port"] for end in self._content["outputs"]]
        values = self._session.run(names, feeds)
        return {
            end["name"]: value[0].transpose(1, 2, 0)
            for end, value in zip(self._content["outputs"], values, strict=True)
        }


def to_real(values: Any, end: dict[str, Any]) -> Any:
    if values.dtype == np.float32:
        return values
    return ((values.astype(np.float32) - end["zero_point"]) * end["scale"]).astype(np.float32)


def to_type(real: Any, end: dict[str, Any], dtype: Any) -> Any:
    if np.dtype(dtype) == np.float32:
        return real
    limits = np.iinfo(dtype)
    return np.clip(np.rint(real / end["scale"] + end["zero_point"]), limits.min, limits.max).astype(dtype)
