"""Measures streaming: speed, host work, swapped voices, columns, the loss with a narrower halo, stateful chunks.

The numbers are those of this machine at this moment; nothing here is a test.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from scripts.demo_network import recipe
from scripts.long_mixture import long_mixture, swapped_share
from scripts.speed import SECONDS, contenders, host_share, measure
from tasnet2hef.audio.files import read_clip
from tasnet2hef.audio.level import levelling_gain
from tasnet2hef.audio.metrics import score_sources
from tasnet2hef.audio.samples import Samples
from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.base.parity import compare_sources
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.cli.show import console, table
from tasnet2hef.model.checkpoint import Checkpoint, from_module, load_checkpoint
from tasnet2hef.model.export import ExportOptions, export_checkpoint
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.stream.halo import Halo, HaloStream
from tasnet2hef.runtime.stream.streamer import Streamer, make_streamer
from tasnet2hef.runtime.stream.windows import WindowStream
from tests.random_weights import random_reference

ASSETS = recipe.ASSETS
SHAPE = {"kernel_size": 32, "stride": 16, "n_filters": 128, "bn_chan": 64, "hid_chan": 128, "skip_chan": 64}
SMALL = {**SHAPE, "n_blocks": 6, "n_repeats": 2}


def export(checkpoint: Checkpoint, seconds: float, streams: int, threads: int) -> OnnxRuntimeBackend:
    """Export to a temporary file and open it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        export_checkpoint(checkpoint, path, ExportOptions(seconds=seconds, streams=streams))
        return OnnxRuntimeBackend(path, threads)


def separate(stream: Streamer, clip: Samples) -> Samples:
    """Stream a whole clip."""
    return np.concatenate([stream.feed(clip), stream.flush()], axis=1)


def columns(title: str, checkpoint: Checkpoint, seconds: float, threads: int, runs: int) -> None:
    """Time one run of the net per window, for every number of columns."""
    rows = []
    for streams in (1, 2, 4, 8):
        backend = export(checkpoint, seconds, streams, threads)
        contract = backend.contract
        noise = np.random.default_rng(0).standard_normal((contract.rows, streams * contract.spec.stride))
        frames = noise.astype(np.float32)
        backend.run(frames)
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            backend.run(frames)
            times.append((time.perf_counter() - start) / streams)
        p50 = statistics.median(times)
        audio = contract.window_samples / contract.spec.sample_rate
        rows.append((str(streams), f"{1e3 * p50:.1f}", f"{1e3 * max(times):.1f}", f"{p50 / audio:.4f}"))
    table(title, ("columns", "ms per window, p50", "slowest", "real-time factor"), rows)


def halos(title: str, checkpoint: Checkpoint, seconds: float, threads: int) -> None:
    """Compare every halo with inference on the whole demo mixture at once, and with the true sources."""
    rate = checkpoint.spec.sample_rate
    mixture = read_clip(ASSETS / "demo_mixture.wav").samples[0]
    truth = np.stack([read_clip(ASSETS / f"demo_source_{number}.wav").samples[0] for number in (1, 2)])
    clip = mixture * np.float32(levelling_gain(mixture, rate, checkpoint.input_level_dbfs))
    with torch.no_grad():
        whole = checkpoint.reference()(torch.from_numpy(clip)[None])[0].numpy()
    backend = export(checkpoint, seconds, 1, threads)
    rows = []
    choices: list[Halo] = [0.0, 20.0, 50.0, 100.0, 150.0, 200.0, "full"]
    for halo in choices:
        stream = HaloStream(backend, halo)
        start = time.perf_counter()
        sources = separate(stream, clip)
        rtf = (time.perf_counter() - start) * rate / len(clip)
        db = compare_sources("", whole, sources).db
        si_sdr = float(np.mean(score_sources(truth, sources, mixture).si_sdr_db))
        figures = (f"{db:.1f}", f"{si_sdr:.2f}", str(stream.windows), f"{rtf:.4f}", f"{stream.lag_ms:.0f}")
        rows.append((str(halo), *figures))
    names = (
        "halo [ms per side]",
        "against the whole file [dB]",
        "SI-SDR [dB]",
        "windows",
        "real-time factor",
        "lag [ms]",
    )
    table(title, names, rows)


def chunks(title: str, checkpoint: Checkpoint, threads: int) -> None:
    """Stream a causal, stateful net, for several lengths of a chunk."""
    clip = speech_clip(10 * checkpoint.spec.sample_rate, checkpoint.spec.sample_rate)
    rows = []
    for frames in (8, 16, 32, 64, 128):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "net.onnx"
            parity = export_checkpoint(checkpoint, path, ExportOptions(chunk_frames=frames)).parity
            stream = make_streamer(OnnxRuntimeBackend(path, threads))
        start = time.perf_counter()
        separate(stream, clip)
        rtf = (time.perf_counter() - start) * checkpoint.spec.sample_rate / len(clip)
        db = min(row.db for row in parity)
        rows.append((str(frames), f"{stream.lag_ms:.0f}", f"{db:.1f}", f"{rtf:.3f}"))
    names = ("frames per chunk", "lag [ms]", "against the whole file [dB]", "real-time factor")
    table(title, names, rows)


def speeds(title: str, checkpoint: Checkpoint, threads: int) -> None:
    """Time one window in every form, and the host's work besides the net."""
    with tempfile.TemporaryDirectory() as folder:
        timings = measure(contenders(checkpoint, Path(folder), threads))
        plain = next(each.p50 for each in timings if each.contender.name.startswith("plain"))
        rows = [
            (
                each.contender.name,
                f"{each.contender.set_up_seconds:.2f}",
                f"{1e3 * each.p50:.1f}",
                f"{1e3 * each.p95:.1f}",
                f"{each.p50 / SECONDS:.4f}",
                f"{plain / each.p50:.2f}",
            )
            for each in timings
        ]
        windows = max(5, min(100, round(3 / timings[0].p50)))
        shares = [host_share(checkpoint, Path(folder), threads, windows, ms) for ms in (1000.0, 20.0)]
    names = ("one window", "set-up [s]", "p50 [ms]", "p95 [ms]", "real-time factor", "times the plain export")
    table(title, names, rows)
    console().print(
        f"  host work besides the net (promised < 3 %): {100 * shares[0]:.2f} % in blocks of 1 s, "
        f"{100 * shares[1]:.2f} % in blocks of 20 ms"
    )


def swaps(checkpoint: Checkpoint, threads: int) -> None:
    """Count the windows whose voices are swapped in ten minutes of turns, silences and both at once."""
    long = long_mixture()
    backend = export(checkpoint, 2.0, 1, threads)
    rows = []
    for name, net in (("the net's own order", backend), ("sources swapped at random", Scrambled(backend))):
        for overlap in (0.0, 0.25, 0.5, 0.75):
            stream = WindowStream(net, overlap)
            sources = separate(stream, long.mixture)
            share, windows = swapped_share(long.references, sources, stream.hop_samples)
            rows.append((name, f"{overlap:.2f}", str(windows), f"{100 * share:.1f}"))
    title = f"Swapped windows in 10 minutes, demo net, windows of 2 s: {long.origin}"
    table(title, ("net", "overlap", "windows with speech", "swapped [%]"), rows)


class Scrambled:
    """A net that returns its sources in a random order, a new one for every window."""

    def __init__(self, backend: Backend) -> None:
        self._backend, self._random = backend, np.random.default_rng(0)
        self.contract = backend.contract

    def run(self, frames: Samples) -> Samples:
        """Run, and shuffle the sources."""
        return self._random.permutation(self._backend.run(frames))


def main() -> None:
    """Print all tables; the argument is the number of threads."""
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    demo = load_checkpoint(str(recipe.MODEL))
    speeds(f"demo net, gLN, windows of 2 s, {threads} threads", demo, threads)
    student = load_checkpoint(str(recipe.STUDENT))
    speeds(f"its student, windows of 2 s, {threads} threads", student, threads)
    for norm_type in ("bN", "gLN"):
        net = random_reference(TasNetSpec(n_src=2, norm_type=norm_type), slope=(0.1, 0.7))
        speeds(f"full default net, {norm_type}, windows of 2 s, {threads} threads", from_module(net), threads)
    swaps(demo, threads)
    columns(f"demo net, gLN, windows of 2 s, {threads} threads", demo, 2.0, threads, runs=20)
    columns(f"its student, windows of 2 s, {threads} threads", student, 2.0, threads, runs=20)
    for seconds in (1.0, 2.0, 4.0):
        halos(f"its student on the demo mixture, windows of {seconds:g} s", student, seconds, threads)
    causal = TasNetSpec.from_options({"n_src": 2, "norm_type": "bN", "causal": True, **SMALL})
    chunks("the same shape, causal, bN, stateful", from_module(random_reference(causal)), threads)


if __name__ == "__main__":
    main()
