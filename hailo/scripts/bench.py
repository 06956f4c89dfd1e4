"""``make bench-export``: measures export, check and separation in fresh processes, against promised limits.

The numbers are those of this machine at this moment; nothing here is a test.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnx
import torch

from scripts.run_tool import run_tool
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.cli.show import table
from tests.random_weights import random_reference
from tests.replay import wide

ASSETS = Path(__file__).parents[1] / "assets"


def make_checkpoint(folder: Path, norm_type: str) -> Path:
    """Save the full default net (N 512, B 128, H 512, Sc 128, X 8, R 3) with random weights as Asteroid would."""
    spec = TasNetSpec(n_src=2, norm_type=norm_type)
    net = random_reference(spec, slope=(0.1, 0.7))
    arguments = {name: value for name, value in spec.as_dict().items() if name != "encoder_padding"}
    arguments |= {"fb_name": "FreeFB", "in_chan": spec.n_filters}
    path = folder / f"{norm_type}.pth"
    torch.save({"model_name": "ConvTasNet", "state_dict": net.state_dict(), "model_args": arguments}, path)
    return path


def measure_exports(folder: Path) -> list[tuple[str, ...]]:
    """Export the full net in its main forms, 2 s."""
    rows = []
    for norm_type, residual, most_nodes in (
        ("bN", "separate", 205),
        ("bN", "joint", 160),
        ("gLN", "separate", 780),
    ):
        checkpoint = make_checkpoint(folder, norm_type)
        name = folder / f"{norm_type}_{residual}.onnx"
        run = run_tool("convert", str(checkpoint), "--seconds", "2", "-o", str(name), "--residual", residual)
        parity = min(row["db"] for row in run.report["parity"])  # type: ignore[attr-defined]
        rows += [
            (f"{norm_type} {residual}: export, whole process [s]", "< 10", f"{run.seconds:.1f}"),
            (f"{norm_type} {residual}: peak memory [GB]", "< 2", f"{run.peak_gb:.2f}"),
            (f"{norm_type} {residual}: ONNX nodes", f"<= {most_nodes}", str(run.report["nodes"])),
            (f"{norm_type} {residual}: worst parity [dB]", ">= 90", f"{parity:.1f}"),
        ]
    return rows


def measure_checks(folder: Path) -> list[tuple[str, ...]]:
    """Check the exported full nets and a foreign graph of 837 nodes, cold."""
    onnx.save(wide.build(), folder / "foreign_837_nodes.onnx")
    rows = []
    for name, most_seconds in (("bN_separate", 2), ("gLN_separate", 2), ("foreign_837_nodes", 3)):
        run = run_tool("check", str(folder / f"{name}.onnx"))
        rows += [
            (f"{name}: check, whole process [s]", f"< {most_seconds}", f"{run.seconds:.2f}"),
            (f"{name}: check, peak memory [GB]", "< 0.5", f"{run.peak_gb:.2f}"),
        ]
    return rows


def measure_separation(folder: Path) -> list[tuple[str, ...]]:
    """Separate the demo mixture with the demo net."""
    run_tool("convert", str(ASSETS / "demo_model.pth"), "--seconds", "2", "-o", str(folder / "demo.onnx"))
    references = [str(ASSETS / f"demo_source_{number}.wav") for number in (1, 2)]
    options = ["-r", references[0], "-r", references[1], "-o", str(folder)]
    run = run_tool("separate", str(folder / "demo.onnx"), str(ASSETS / "demo_mixture.wav"), *options)
    improvements_db = run.report["si_sdr_improvement_db"]
    assert isinstance(improvements_db, list)
    return [
        ("demo: SI-SDR improvement, mean [dB]", ">= 8", f"{sum(improvements_db) / len(improvements_db):.1f}"),
        ("demo: real-time factor", "< 1", f"{run.report['rtf']:.3f}"),
    ]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = measure_exports(folder) + measure_checks(folder) + measure_separation(folder)
    table("Bench", ("what", "promised", "measured"), rows)


if __name__ == "__main__":
    main()
