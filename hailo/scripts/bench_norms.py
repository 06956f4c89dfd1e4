"""``python -m scripts.bench_norms [NAME=CHECKPOINT ...]``: norms that stream, in dB and in layers.

The demo network with gLN, the same frozen (computed here), and the shipped student; more checkpoints of the same
task by name. All on held-out test mixtures: whole clips by the original code, then streamed by the export in
windows of 2 s, in float and at simulated 8 bits. Needs Debian's asterisk-core-sounds-*-wav.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import torch

from scripts.bench_quantisation import CALIBRATION_MIXTURES, simulate, write_mixtures
from scripts.demo_network import recipe
from scripts.demo_network.shipping import write_speech
from scripts.demo_network.voices import prompts_by_voice
from scripts.run_tool import run_tool
from tasnet2hef.audio.level import levelling_gain
from tasnet2hef.cli.show import table
from tasnet2hef.model.checkpoint import Checkpoint, load_checkpoint
from tasnet2hef.train.loss import si_sdr_improvement_db
from tasnet2hef.train.mixtures import Mixture
from tasnet2hef.train.norm_report import costs_of

TEST_MIXTURES = 60
Row = tuple[str, ...]


@torch.no_grad()
def whole_clips_db(loaded: Checkpoint, mixtures: list[Mixture]) -> float:
    """Return the mean SI-SDR improvement over whole clips, each at the level that the net expects."""
    net, improvement_db = loaded.reference(), 0.0
    for mixture in mixtures:
        sources, mixed = torch.from_numpy(mixture.sources)[None], torch.from_numpy(mixture.mixture)[None]
        gain = levelling_gain(mixture.mixture, loaded.spec.sample_rate, loaded.input_level_dbfs)
        improvement_db += si_sdr_improvement_db(net(mixed * gain), mixed, sources)
    return improvement_db / len(mixtures)


def measure(name: str, checkpoint: Path, folder: Path, mixtures: list[Mixture]) -> Row:
    """Return one row of the table."""
    model, calibration = folder / f"{name}.onnx", folder / f"{name}.npz"
    run_tool("convert", str(checkpoint), "--seconds", "2", "-o", str(model))
    run_tool("calibrate", str(model), str(folder / "recordings"), "-o", str(calibration))
    figures = simulate(model, calibration, "--eval", str(folder / "test"), "--quick")["si_sdr_db"]
    loaded = load_checkpoint(checkpoint)
    costs = costs_of(loaded.reference(), "hailo8")
    layers = " / ".join(f"{cost.parsed_layers}, {cost.compiled_layers}" for cost in costs)
    macs = " / ".join(f"{cost.macs_per_s / 1e6:.0f}" for cost in costs)
    contexts = " / ".join(str(cost.contexts) for cost in costs)
    weights = sum(tensor.numel() for tensor in loaded.weights.values())
    whole = f"{whole_clips_db(loaded, mixtures):.2f}"
    streamed = (f"{figures[kind]:.2f}" for kind in ("float", "int8"))
    return (name, f"{weights / 1e3:.0f} k", whole, *streamed, layers, macs, contexts, str(costs[0].held_maps))


def main() -> None:
    """Measure and print."""
    more = dict(argument.split("=", 1) for argument in sys.argv[1:])
    mixtures = recipe.held_out_mixtures("test", TEST_MIXTURES)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_mixtures(folder / "recordings", recipe.held_out_mixtures("validation", CALIBRATION_MIXTURES))
        write_mixtures(folder / "test", mixtures)
        write_speech(prompts_by_voice(recipe.VOICES, "training"), recipe.GROUPS, folder / "speech")
        frozen = folder / "frozen.pth"
        run_tool("freeze", str(recipe.MODEL), str(folder / "speech"), "-o", str(frozen))
        nets = {"gLN, original": recipe.MODEL, "frozen": frozen, "distilled": recipe.STUDENT}
        nets |= {label: Path(path) for label, path in more.items()}
        rows = [measure(label, path, folder, mixtures) for label, path in nets.items()]
    columns = (
        "net",
        "weights",
        "whole clips: SI-SDR improvement [dB]",
        "streamed, float: SI-SDR [dB]",
        "streamed, 8 bits: SI-SDR [dB]",
        "layers parsed, compiled (separate / joint residual)",
        "MMAC/s",
        "contexts",
        "maps held whole",
    )
    table(f"Norms that stream, {TEST_MIXTURES} held-out mixtures", columns, rows)


if __name__ == "__main__":
    main()
