"""Times one window: our export in float and simulated at 8 bits, the original in PyTorch, its plain ONNX export.

Also times the host's work besides the net.
"""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnxruntime
import torch

from scripts.bench import ASSETS
from scripts.run_tool import run_tool
from tasnet2hef.audio.samples import Samples
from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.model.checkpoint import Checkpoint
from tasnet2hef.model.export import ExportOptions, export_checkpoint
from tasnet2hef.quantize.calibration.calibration_set import open_calibration
from tasnet2hef.quantize.simulator import Preparation, prepare
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.backends.frames import window_to_frames
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.stream.streamer import make_streamer
from tasnet2hef.target.graph.opened import OpenedGraph

SECONDS = 2.0
SHORTEST_SECONDS = 3.0
"""Each is run for this long, and at least five times; runs alternate, so that other load affects all alike."""
PLAIN_OPSET = 17
Result = TypeVar("Result")


@dataclass(frozen=True)
class Contender:
    """A form of the net that separates one window, and the time of its set-up."""

    name: str
    run: Callable[[], object]
    set_up_seconds: float


@dataclass(frozen=True)
class Timing:
    """Seconds a window."""

    contender: Contender
    p50: float
    p95: float


def contenders(checkpoint: Checkpoint, folder: Path, threads: int) -> list[Contender]:
    """Open the same net in every form, for the same window of speech."""
    torch.set_num_threads(threads)
    ours = folder / "ours.onnx"
    export_checkpoint(checkpoint, ours, ExportOptions(seconds=SECONDS))
    backend, opened = _timed(lambda: OnnxRuntimeBackend(ours, threads))
    clip = speech_clip(backend.contract.window_samples, backend.contract.spec.sample_rate)
    frames = window_to_frames(clip, backend.contract)
    simulated, prepared = _timed(lambda: _eight_bits(ours, folder, threads))
    original, built = _timed(checkpoint.reference)
    plain = folder / "plain.onnx"
    mixture = torch.from_numpy(clip)[None]
    _export_plain(original, mixture, plain)
    session, loaded = _timed(lambda: _session(plain, threads))
    return [
        Contender("ours, float", lambda: backend.run(frames), opened),
        Contender("ours, 8 bits simulated", lambda: simulated.run(frames), prepared),
        Contender("plain ONNX export of the original", lambda: session.run(None, {"mixture": clip[None]}), loaded),
        Contender("original, PyTorch", lambda: _inferred(original, mixture), built),
    ]


def measure(every: list[Contender]) -> list[Timing]:
    """Run all alternately; the first run of each is not counted."""
    for each in every:
        each.run()
    times: dict[str, list[float]] = {each.name: [] for each in every}
    while any((sum(spent) < SHORTEST_SECONDS and len(spent) < 100) or len(spent) < 5 for spent in times.values()):
        for each in every:
            times[each.name].append(_timed(each.run)[1])
    return [Timing(each, *np.percentile(times[each.name], (50, 95))) for each in every]


class Stopwatch:
    """A backend that adds up the time of the net."""

    def __init__(self, backend: Backend) -> None:
        self._backend, self.seconds = backend, 0.0

    @property
    def contract(self) -> GraphContract:
        """The graph's description."""
        return self._backend.contract

    def run(self, frames: Samples) -> Samples:
        """Run and time one window."""
        sources, seconds = _timed(lambda: self._backend.run(frames))
        self.seconds += seconds
        return sources


def host_share(checkpoint: Checkpoint, folder: Path, threads: int, windows: int, block_ms: float) -> float:
    """Return the host's time as a share of the net's, for a stream that arrives in blocks."""
    path = folder / "host.onnx"
    if not path.exists():
        export_checkpoint(checkpoint, path, ExportOptions(seconds=SECONDS))
    net = Stopwatch(OnnxRuntimeBackend(path, threads))
    rate = net.contract.spec.sample_rate
    stream = make_streamer(net)
    clip = speech_clip((windows + 2) * stream.hop_samples, rate)
    block = round(block_ms * rate / 1000)
    stream.feed(clip[: 2 * stream.hop_samples])  # one-time set-up
    net.seconds = 0.0
    start = time.perf_counter()
    for at in range(2 * stream.hop_samples, len(clip), block):
        stream.feed(clip[at : at + block])
    total = time.perf_counter() - start
    return (total - net.seconds) / net.seconds


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def _inferred(net: torch.nn.Module, mixture: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        separated: torch.Tensor = net(mixture)
        return separated


def _eight_bits(graph: Path, folder: Path, threads: int) -> Backend:
    calibration = folder / "calib.npz"
    run_tool("calibrate", str(graph), str(ASSETS), "-o", str(calibration), "--windows", "4")
    return prepare(OpenedGraph.read(graph), open_calibration(calibration), Preparation(threads=threads)).backend()


def _export_plain(net: torch.nn.Module, mixture: torch.Tensor, path: Path) -> None:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # deprecations in PyTorch's own code
        torch.onnx.export(
            net, (mixture,), str(path), dynamo=False, opset_version=PLAIN_OPSET, input_names=["mixture"]
        )


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
