"""The steps of a study, as any worker runs them: each makes a product of its options and of other products.

Every step computes with one thread: its result does not depend on how many others run beside it.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tasnet2hef.audio.metrics import score_sources
from tasnet2hef.base.errors import OptionError, Tasnet2HefError
from tasnet2hef.explore.files import CALIBRATION, GRAPH, HELD_OUT, MODEL, POOL, SEPARATED
from tasnet2hef.explore.product import Product, Store
from tasnet2hef.explore.speech import held_out_clips, pool_mixtures
from tasnet2hef.target.graph.opened import OpenedGraph

if TYPE_CHECKING:
    from tasnet2hef.model.checkpoint import Checkpoint


TIMED = 4
"""Times that a window is timed, each the better of two: others are at work on the machine."""


@dataclass(frozen=True)
class Job:
    """A step by its name, with its options, which are plain values, and its key.

    ``store`` is a folder of products that every worker and this process reach; empty: products travel as bytes.
    """

    step: str
    key: str
    options: Mapping[str, Any]
    store: str = ""


def run_job(job: Job, *inputs: Product) -> Product:
    """Run a step in a folder of its own, or return what the store holds of it.

    A refusal is a product too: it says why there is none, and so do those of all steps that need it.

    Raises:
        OptionError: the store is not there, or can't be written.
    """
    if job.store and not Path(job.store).is_dir():
        raise OptionError(f"{job.store}: found no such folder on {socket.gethostname()}, expected the shared one")
    store = Store(Path(job.store)) if job.store else None
    if store is not None and (kept := store.get(job.key)) is not None:
        return kept
    product = _run(job, inputs)
    return product if store is None else store.put(job.key, product)


def hand_over(product: Product) -> Product:
    """Return a product that is known already, as the input of other steps."""
    return product


def _run(job: Job, inputs: Sequence[Product]) -> Product:
    for each in inputs:
        if each.refused:
            return Product(refused=each.refused)
    with tempfile.TemporaryDirectory(prefix="tasnet2hef-") as name:
        scratch = Path(name).resolve()
        places = [each.place(scratch / str(number)) for number, each in enumerate(inputs)]
        output = scratch / "made"
        output.mkdir()
        try:
            record = _steps()[job.step](job.options, [each.record for each in inputs], places, output)
        except Tasnet2HefError as error:
            return Product(refused=_without(str(error), [scratch, *places]))
        paths = sorted(path for path in output.rglob("*") if path.is_file())
        return Product(record, {path.relative_to(output).as_posix(): path.read_bytes() for path in paths})


def _without(text: str, folders: Sequence[Path]) -> str:
    """Return a message without the folders of this run, which differ from run to run."""
    for folder in sorted((str(folder) for folder in folders), key=len, reverse=True):
        text = text.replace(f"{folder}/", "").replace(folder, "")
    return text


Step = Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]], Sequence[Path], Path], dict[str, Any]]
"""Options, the inputs' values, their folders, and the folder for its files -> its values."""


def _load(place: Path) -> Checkpoint:
    import torch

    from tasnet2hef.model.checkpoint import load_checkpoint

    torch.set_num_threads(1)
    return load_checkpoint(str(place / MODEL))


def _original(_options: Any, _records: Any, places: Sequence[Path], output: Path) -> dict[str, Any]:
    """Separate the held-out mixtures by the original; inputs: model, speech."""
    import torch

    checkpoint = _load(places[0])
    net, figures, separated = checkpoint.reference(), [], {}
    for clip in held_out_clips(places[1] / HELD_OUT, checkpoint.spec):
        with torch.no_grad():
            sources = net(torch.from_numpy(clip.mixture)[None])[0].numpy()
        separated[clip.path.stem] = sources
        if clip.references is not None:
            figures.append(float(np.mean(score_sources(clip.references, sources, clip.mixture).si_sdr_db)))
    np.savez(output / SEPARATED, **separated)
    return {"si_sdr_db": float(np.mean(figures)) if figures else None}


def _freeze(options: Mapping[str, Any], _records: Any, places: Sequence[Path], output: Path) -> dict[str, Any]:
    """Replace the norms by constants; inputs: model, speech."""
    import torch

    from tasnet2hef.train.dataset import INPUT_LEVEL_DBFS
    from tasnet2hef.train.freeze import freeze
    from tasnet2hef.train.saving import save_atomically, serialize

    checkpoint = _load(places[0])
    mixtures = torch.from_numpy(pool_mixtures(places[1] / POOL))
    student = freeze(checkpoint.reference(), mixtures)
    level_dbfs = checkpoint.input_level_dbfs if set(checkpoint.spec.norms) == {"bN"} else INPUT_LEVEL_DBFS
    save_atomically(serialize(student, level_dbfs), output / MODEL)
    return {}


def _export(options: Mapping[str, Any], _records: Any, places: Sequence[Path], output: Path) -> dict[str, Any]:
    """Write the graph and prove that it equals the net; input: the net."""
    from tasnet2hef.model.export import ExportOptions, export_checkpoint
    from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
    from tasnet2hef.runtime.stream.streamer import make_streamer

    checkpoint = replace(_load(places[0]), notes=())
    report = export_checkpoint(checkpoint, output / GRAPH, ExportOptions(**options))
    report.selftest_path.unlink()
    stream = make_streamer(OnnxRuntimeBackend(report.graphs[0], threads=1))
    return {
        "parity_db": round(min(row.db for row in report.parity), 1),
        "notes": list(report.notes),
        "latency_ms": stream.lag_ms,
        "hop_seconds": stream.hop_samples / report.contract.spec.sample_rate,
    }


def _calibrate(options: Mapping[str, Any], _records: Any, places: Sequence[Path], output: Path) -> dict[str, Any]:
    """Draw the calibration set from the pool; inputs: speech, graph."""
    from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
    from tasnet2hef.quantize.calibration.window_draw import Draw

    draw = Draw(options["windows"], mixed=1, any_data=options["any_data"])
    graph = OpenedGraph.read(places[1] / GRAPH)
    report = calibrate_graph(graph, places[0] / POOL, output / CALIBRATION, draw)
    return {"windows": report.metadata.windows}


def _time(
    _options: Any, records: Sequence[Mapping[str, Any]], places: Sequence[Path], _out: Path
) -> dict[str, Any]:
    """Measure a window on this processor, one thread; input: graph. It is a measurement, and differs each time."""
    from tasnet2hef.quantize.calibration.evaluation_set import EvaluationWindow
    from tasnet2hef.quantize.model_scores import seconds_per_window
    from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend

    backend = OnnxRuntimeBackend(OpenedGraph.read(places[0] / GRAPH), threads=1)
    noise = np.random.default_rng(0).normal(0, 0.05, backend.contract.window_samples).astype(np.float32)
    best = min(seconds_per_window(backend, EvaluationWindow(noise, None)) for _ in range(TIMED))
    return {"realtime_factor": best / records[0]["hop_seconds"]}


def _steps() -> Mapping[str, Step]:
    from tasnet2hef.explore.chip_steps import check, compile_point
    from tasnet2hef.explore.score_steps import search, simulate

    return {
        "original": _original,
        "freeze": _freeze,
        "export": _export,
        "check": check,
        "calibrate": _calibrate,
        "simulate": simulate,
        "search": search,
        "time": _time,
        "compile": compile_point,
    }
