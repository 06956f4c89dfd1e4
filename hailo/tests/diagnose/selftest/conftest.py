"""Builds to test: a folder with a net, its reference, and a HEF for the stand-in's device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tasnet2hef.runtime.backends.hailort.sidecar import write_sidecar
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.reference_clips import Reference, reference_path, save_reference
from tasnet2hef.runtime.speech_windows import separate_clips, speech_clips
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import save_net
from tests.runtime.hailort.conftest import runtime
from tests.runtime.hailort.hefs import save_hef
from tests.runtime.hailort.test_backend import greatest

__all__ = ["runtime"]


def make_build(folder: Path, *, reference: bool = True, hef: bool = True, compiler: str = "3.33.0") -> Path:
    model = save_net(folder / "net.onnx")
    if reference:
        backend = OnnxRuntimeBackend(model, 1)
        clips = speech_clips(backend.contract, 2)
        save_reference(reference_path(model), Reference(clips, separate_clips(backend, clips)))
    if hef:
        hef_file = save_hef(model, ranges=greatest(model))
        write_sidecar(hef_file, OpenedGraph.read(model), hardware="hailo8", compiler=compiler)
    return folder


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Path]:
    return lambda **options: make_build(tmp_path, **options)
