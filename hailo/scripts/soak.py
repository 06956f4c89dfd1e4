"""``make soak``: the demo net on a simulated microphone in real time, watching time and memory.

Prints a table and fails (exit code 1) on an overrun, an underrun, a drift in time, or growing memory. The numbers
are those of this machine at this moment.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.progress import Progress
from tasnet2hef.cli import show
from tasnet2hef.cli.progress import progress_bar
from tasnet2hef.model.checkpoint import load_checkpoint
from tasnet2hef.model.export import ExportOptions, export_checkpoint
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.live.controls import Controls
from tasnet2hef.runtime.live.file_endpoints import FileLoudspeaker, FileMicrophone
from tasnet2hef.runtime.live.session import LiveSession
from tasnet2hef.runtime.live.summary import LiveState, LiveSummary

ASSETS = Path(__file__).parents[1] / "assets"
MIXTURE_SECONDS = 10
PAGE_BYTES = 4096
SAMPLE_SECONDS = 5.0
SETTLING_SHARE = 0.2
"""Share of the run that is left out of the slope: one-time set-up."""
MOST_GROWTH_MB_PER_HOUR = 4.0
NOISE_MB = 1.0
"""Growth over a whole run that is ignored: the slope of a few minutes, per hour, is mostly noise."""
MOST_DRIFT_MS = 100.0


@dataclass
class Monitor:
    """Memory and time while a session runs; ``progress`` gets the seconds played."""

    progress: Progress
    total_seconds: float
    begin: float = field(default_factory=time.monotonic)
    seconds: list[float] = field(default_factory=list)
    resident_mb: list[float] = field(default_factory=list)
    played_samples: int = 0

    def tick(self, state: LiveState) -> bool:
        """Measure memory every five seconds."""
        self.progress(state.seconds, self.total_seconds)
        now = time.monotonic() - self.begin
        if not self.seconds or now - self.seconds[-1] >= SAMPLE_SECONDS:
            self.seconds.append(now)
            self.resident_mb.append(resident_mb())
        return True

    def write(self, samples: Samples) -> None:
        """Count the samples played, and discard them."""
        self.played_samples += samples.shape[1]

    @property
    def growth_mb_per_hour(self) -> float:
        """Slope of the resident memory, by least squares, after settling."""
        first = int(SETTLING_SHARE * len(self.seconds))
        seconds, resident = self.seconds[first:], self.resident_mb[first:]
        return 3600 * float(np.polyfit(seconds, resident, 1)[0]) if len(seconds) > 2 else 0.0


def resident_mb() -> float:
    """Return the resident memory of the process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * PAGE_BYTES / 1e6


def run(minutes: float, threads: int, speed: float) -> tuple[LiveSummary, Monitor, float]:
    """Run for ``minutes``; also return the difference of played from due samples, in ms."""
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "demo.onnx"
        export_checkpoint(load_checkpoint(str(ASSETS / "demo_student.pth")), graph, ExportOptions(seconds=2.0))
        backend = OnnxRuntimeBackend(graph, threads)
    repeat = max(1, round(60 * minutes / MIXTURE_SECONDS))
    microphone = FileMicrophone(ASSETS / "demo_mixture.wav", speed=speed, repeat=repeat)
    with progress_bar("soak") as progress:
        monitor = Monitor(progress, 60 * minutes)
        loudspeaker = FileLoudspeaker(monitor.write, microphone.sample_rate_hz, speed)
        session = LiveSession(backend, microphone, loudspeaker, microphone.sample_rate_hz, Controls())
        summary = session.run(monitor.tick)
    due = summary.seconds + session.latency.total_ms / 1000
    return summary, monitor, 1000 * (monitor.played_samples / microphone.sample_rate_hz - due)


def main() -> int:
    """Run and print; return the exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=30.0)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--speed", type=float, default=1.0, help="times real time; 0: as fast as possible")
    chosen = options.parse_args()
    summary, monitor, drift_ms = run(chosen.minutes, chosen.threads, chosen.speed)
    growth = monitor.growth_mb_per_hour
    checks = [
        ("overruns", "0", str(summary.overruns), summary.overruns == 0),
        ("underruns", "0", str(summary.underruns), summary.underruns == 0),
        ("drift [ms]", f"< {MOST_DRIFT_MS:.0f}", f"{drift_ms:.1f}", abs(drift_ms) < MOST_DRIFT_MS),
        (
            "memory growth [MB/h]",
            f"< {MOST_GROWTH_MB_PER_HOUR:.0f}",
            f"{growth:.2f}",
            growth < MOST_GROWTH_MB_PER_HOUR or growth * monitor.seconds[-1] / 3600 < NOISE_MB,
        ),
    ]
    rows = [(name, promised, measured) for name, promised, measured, _ in checks]
    rows += [
        ("audio [s]", "", f"{summary.seconds:.0f}"),
        ("windows", "", str(summary.windows)),
        ("real-time factor, p50 / p95", "", f"{summary.rtf_p50:.4f} / {summary.rtf_p95:.4f}"),
        ("latency [ms]", "", f"{summary.latency.total_ms:.0f}"),
        ("memory at the end [MB]", "", f"{monitor.resident_mb[-1]:.0f}"),
    ]
    title = f"Soak, demo net, {chosen.threads} threads, {chosen.speed:g} times real time"
    show.table(title, ("what", "promised", "measured"), rows)
    return 0 if all(is_ok for *_, is_ok in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
