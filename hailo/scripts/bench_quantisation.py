"""``python -m scripts.bench_quantisation``: the loss of the demo network at 8 bits, and the cost of simulating it.

SI-SDR is of held-out mixtures (test prompts of the demo's voices), calibration is on validation prompts. The full
default net has random weights: it is for time and memory only. Needs Debian's asterisk-core-sounds-*-wav.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import soundfile

from scripts.bench import make_checkpoint
from scripts.demo_network import recipe
from scripts.demo_network.voices import SAMPLE_RATE_HZ
from scripts.run_tool import run_tool
from tasnet2hef.cli.show import table
from tasnet2hef.train.mixtures import Mixture

TEST_MIXTURES = 24
CALIBRATION_MIXTURES = 96
Row = tuple[str, str, str]


def write_mixtures(folder: Path, mixtures: Iterable[Mixture]) -> Path:
    """Write ``NAME_mixture.wav`` and its sources."""
    folder.mkdir()
    for number, mixture in enumerate(mixtures):
        soundfile.write(folder / f"{number:03}_mixture.wav", mixture.mixture, SAMPLE_RATE_HZ, subtype="FLOAT")
        for place, source in enumerate(mixture.sources, start=1):
            soundfile.write(folder / f"{number:03}_source_{place}.wav", source, SAMPLE_RATE_HZ, subtype="FLOAT")
    return folder


def simulate(model: Path, calibration: Path, *options: str) -> dict[str, Any]:
    """Run ``simulate`` and return its JSON."""
    return run_tool("simulate", str(model), str(calibration), *options).report


def measure_demo(folder: Path) -> list[Row]:
    """Simulate the demo network with a precision search, and alternatives without one."""
    model, calibration = folder / "demo.onnx", folder / "calib.npz"
    recordings = write_mixtures(
        folder / "recordings", recipe.held_out_mixtures("validation", CALIBRATION_MIXTURES)
    )
    test = str(write_mixtures(folder / "test", recipe.held_out_mixtures("test", TEST_MIXTURES)))
    run_tool("convert", str(recipe.MODEL), "--seconds", "2", "-o", str(model))
    run_tool("calibrate", str(model), str(recordings), "-o", str(calibration))
    report = simulate(model, calibration, "--eval", test, "--target-db", "0.05", "--relieve", "0")
    figures = report["si_sdr_db"]
    rows = [
        (f"demo, {TEST_MIXTURES} held-out mixtures: SI-SDR, {kind} [dB]", promised, f"{figures[kind]:.2f}")
        for kind, promised in (("float", ""), ("int8", "float - 0.5"), ("mixed", "float - 0.05"))
    ]
    rows.append(("demo: 16-bit layers in the mix", "", f"{len(report['sixteen_bit'])} of {len(report['layers'])}"))
    rows.append(("demo: points on the frontier", "", str(len(report["frontier"]))))
    for label, options in ALTERNATIVES.items():
        quick = simulate(model, calibration, "--eval", test, "--quick", *options)
        figure, agreement = quick["si_sdr_db"]["int8"], quick["agreement_db"]["int8"]
        rows.append((f"demo, 8 bits, {label}: SI-SDR / agreement [dB]", "", f"{figure:.2f} / {agreement:.1f}"))
    run_tool("calibrate", str(model), str(recordings), "-o", str(calibration), "--windows", "1024")
    many = simulate(model, calibration, "--eval", test, "--quick")
    figure, agreement = many["si_sdr_db"]["int8"], many["agreement_db"]["int8"]
    return [*rows, ("demo, 8 bits, 1,024 windows: SI-SDR / agreement [dB]", "", f"{figure:.2f} / {agreement:.1f}")]


ALTERNATIVES = {
    "default": (),
    "min-max ranges": ("--range", "minmax"),
    "least-squares ranges": ("--range", "mse"),
    "no equalisation": ("--no-equalize",),
    "no bias correction": ("--no-bias-correction",),
    "16-bit activations, 8-bit weights": ("--set", "*=a16_w8"),
    "16 bits throughout": ("--set", "*=a16_w16"),
    "4-bit weights": ("--set", "*=a8_w4"),
}


def measure_full_net(folder: Path) -> list[Row]:
    """Time the full default net, 2 s, 64 windows."""
    rows = []
    for norm in ("bN", "gLN"):
        model, calibration = folder / f"{norm}.onnx", folder / f"{norm}.npz"
        run_tool("convert", str(make_checkpoint(folder, norm)), "--seconds", "2", "-o", str(model))
        run_tool("calibrate", str(model), str(folder / "recordings"), "-o", str(calibration))
        run = run_tool("simulate", str(model), str(calibration), "--quick")
        report: dict[str, Any] = run.report
        plain = run_tool("separate", str(model), str(recipe.ASSETS / "demo_mixture.wav"), "-o", str(folder)).report
        windows = float(str(plain["audio_seconds"])) * float(str(plain["rtf"])) / float(str(plain["windows"]))
        rows += [
            (f"full {norm} net: prepare [s]", "< 60", f"{report['prepare_seconds']:.1f}"),
            (f"full {norm} net: window at 8 bits over float", "< 3", f"{report['window_seconds'] / windows:.2f}"),
            (f"full {norm} net: peak memory so far [GB]", "< 4", f"{run.peak_gb:.2f}"),
        ]
    return rows


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        rows = measure_demo(Path(name)) + measure_full_net(Path(name))
    table("Quantisation, simulated", ("what", "promised", "measured"), rows)


if __name__ == "__main__":
    main()
