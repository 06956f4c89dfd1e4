"""``make bench-long``: separates ten minutes and two hours, and holds the peak memory against what is promised.

Prints a table and fails (exit code 1) where a promise is not kept. The numbers are those of this machine at this
moment.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

from scripts.run_tool import Measured, run_tool
from tasnet2hef.audio.samples import Samples
from tasnet2hef.cli.show import table

ASSETS = Path(__file__).parents[1] / "assets"
SHORT_MINUTES, LONG_MINUTES = 10, 120
MOST_MB = 300
MOST_RISE_MB = 20
"""From the short to the long recording: 12 bytes for each 20 ms, and what the allocator leaves unused."""
MONO, STEREO = (8000, 1), (48000, 2)
"""Rate in Hz and channels."""


def demo_rows(rate_hz: int, channels: int) -> Samples:
    """Return the demo mixture ``[sample, channel]``, each channel at half the level of the one before."""
    samples, found_hz = soundfile.read(ASSETS / "demo_mixture.wav", dtype="float32")
    resampled = soxr.resample(samples, found_hz, rate_hz)
    return np.stack([resampled / 2**channel for channel in range(channels)], axis=1)


def save_mixture(path: Path, minutes: int, rate_hz: int, channels: int) -> Path:
    """Write the demo mixture over and over; return the path."""
    rows = demo_rows(rate_hz, channels)
    missing = 60 * minutes * rate_hz
    with soundfile.SoundFile(path, "w", rate_hz, channels, "PCM_16") as recording:
        while missing > 0:
            recording.write(rows[:missing])
            missing -= len(rows)
    return path


def measure(folder: Path, graph: Path, minutes: int, shape: tuple[int, int]) -> Measured:
    """Separate every channel of ``minutes``; the recording and its sources are removed again."""
    recording = save_mixture(folder / "long.wav", minutes, *shape)
    run = run_tool("separate", str(graph), str(recording), "--channel", "each", "-o", str(folder / "out"))
    for path in (recording, *(folder / "out").iterdir()):
        path.unlink()
    return run


def main() -> int:
    """Measure and print; return the exit code."""
    rows, kept = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        graph = folder / "student.onnx"
        run_tool("convert", str(ASSETS / "demo_student.pth"), "--seconds", "2", "-o", str(graph))
        short_mb = 1000 * measure(folder, graph, SHORT_MINUTES, MONO).peak_gb
        rows.append((f"{SHORT_MINUTES} minutes, 8 kHz: peak memory [MB]", f"< {MOST_MB}", f"{short_mb:.0f}"))
        for what, shape in (("8 kHz", MONO), ("48 kHz, two channels", STEREO)):
            run = measure(folder, graph, LONG_MINUTES, shape)
            peak_mb = 1000 * run.peak_gb
            kept.append(peak_mb < MOST_MB)
            rows.append((f"{LONG_MINUTES} minutes, {what}: peak memory [MB]", f"< {MOST_MB}", f"{peak_mb:.0f}"))
            rows.append((f"{LONG_MINUTES} minutes, {what}: whole process [s]", "", f"{run.seconds:.0f}"))
            if shape == MONO:
                rise_mb = peak_mb - short_mb
                kept.append(rise_mb < MOST_RISE_MB)
                rows.append(("from the short to the long [MB]", f"< {MOST_RISE_MB}", f"{rise_mb:.1f}"))
    table("Separation from disk to disk", ("what", "promised", "measured"), rows)
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
