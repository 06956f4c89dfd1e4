"""``python -m scripts.bench_explore [SPEECH]``: what `explore` costs beside its steps, and how far it scales.

Prints a table and fails (exit code 1) where a promise is not kept. The numbers are those of this machine at this
moment. SPEECH is the folder of ``make speech``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from scripts.explore_bench.crowd import crowd
from scripts.explore_bench.rehearsal import Rehearsed, pause, spread_seconds, taken_back
from scripts.explore_bench.schedule import counts_of, critical_path_s, makespan_s
from scripts.explore_bench.studies import FIRST_GRID, Inputs, begin_empty, begin_small, results, run
from scripts.explore_bench.timed import Timed
from tasnet2hef.base.workers import InProcess, Workers, open_workers
from tasnet2hef.cli.show import console, table
from tasnet2hef.explore.steps import run_job

CHECKPOINT = Path(__file__).parents[1] / "tasnet2hef" / "assets" / "demo_student.pth"
LEAST_RATIO = 1.6
MOST_OVERHEAD_S = 0.5
MOST_GROWTH = 1.5
MOST_OVER_PLAIN = 1.5
SIZES = (30, 300, 3_000)
CROWD, CROWD_POINTS, CROWD_SCALE = 200, 2_000, 2.0
PLAIN_CROWDS = (20, 200, 1_000)


@dataclass(frozen=True)
class Row:
    """What was measured, and whether a promise of it was kept; None: there is none."""

    what: str
    promised: str
    measured: str
    kept: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as it is printed."""
        return (
            self.what,
            self.promised,
            self.measured,
            "" if self.kept is None else "OK" if self.kept else "MISSED",
        )


def measure_real(speech: Path, folder: Path) -> list[Row]:
    """Run the small study in this process, and by one and two workers that have begun before."""
    rates, overheads_s = [], []
    inputs = begin_small(CHECKPOINT, speech, folder / "inputs")
    count = len(inputs.study.points)
    run(inputs.copied(folder / "steps_0"), folder / "study_0", InProcess())
    for processes in (1, 2):
        with open_workers(processes=processes) as workers:
            run(inputs.copied(folder / f"first_{processes}", FIRST_GRID), folder / f"began_{processes}", workers)
            timed = Timed(workers, folder / f"seconds_{processes}")
            started = time.perf_counter()
            run(inputs.copied(folder / f"steps_{processes}"), folder / f"study_{processes}", timed)
            seconds = time.perf_counter() - started
        rates.append(60 * count / seconds)
        overheads_s.append((seconds - timed.seconds / processes) / count)
    wrote = results([folder / f"study_{processes}" for processes in range(3)])
    is_equal = len(set(wrote)) == 1
    ratio = rates[1] / rates[0]
    return [
        *(
            Row(f"{count} points of the demo net, {processes} worker(s): points a minute", "", f"{rate:.1f}")
            for processes, rate in enumerate(rates, start=1)
        ),
        Row("the same: two workers over one", f">= {LEAST_RATIO}", f"{ratio:.2f}", ratio >= LEAST_RATIO),
        Row("results.json of none, 1 and 2 workers", "equal", "equal" if is_equal else "differ", is_equal),
        Row(
            "1 worker: wall time beside the steps, a point [s]",
            f"< {MOST_OVERHEAD_S}",
            f"{overheads_s[0]:.3f}",
            overheads_s[0] < MOST_OVERHEAD_S,
        ),
    ]


def measure_growth(folder: Path) -> list[Row]:
    """Run studies of any size whose steps take no time, by one worker."""
    rows, costs_s = [], []
    with open_workers(processes=1) as workers:
        measure_empty(SIZES[0], folder / "first", workers)
        for size in SIZES:
            parts_s = measure_empty(size, folder / str(size), workers)
            costs_s.append(sum(parts_s) / size)
            parts = " + ".join(f"{1e3 * part / size:.1f}" for part in parts_s)
            what = f"steps of nothing, {size:,} points: plan + steps + results, a point [ms]"
            rows.append(Row(what, f"< {1e3 * MOST_OVERHEAD_S:.0f}", parts, costs_s[-1] < MOST_OVERHEAD_S))
    growth = costs_s[-1] / costs_s[-2]
    what = f"the same: {SIZES[-1]:,} points over {SIZES[-2]:,}, a point"
    return [*rows, Row(what, f"< {MOST_GROWTH}", f"{growth:.2f}", growth < MOST_GROWTH)]


def measure_empty(size: int, folder: Path, workers: Workers) -> tuple[float, float, float]:
    """Return the seconds for planning, for the steps, and for reading back and writing the results."""
    rehearsed = Rehearsed(workers)
    inputs: Inputs = begin_empty(size, folder / "steps")
    began = time.perf_counter()
    with taken_back():
        run(inputs, folder / "study", rehearsed)
    ended = time.perf_counter()
    return rehearsed.began - began, rehearsed.ended - rehearsed.began, ended - rehearsed.ended


def measure_crowd(folder: Path) -> list[Row]:
    """Run a large study by many workers whose steps are pauses, and hold it against a plain simulation."""
    with crowd(CROWD) as workers:
        idle = Rehearsed(workers, 0.0, pause)
        run(begin_empty(CROWD_POINTS // 4, folder / "idle"), folder / "idle_study", idle, is_shared=False)
        rate = len(idle.tasks) / (idle.ended - idle.began)
        paused = Rehearsed(workers, CROWD_SCALE, pause)
        run(begin_empty(CROWD_POINTS, folder / "paused"), folder / "paused_study", paused, is_shared=False)
    measured_s, tasks = paused.ended - paused.began, paused.tasks
    seconds = {t.key: CROWD_SCALE * spread_seconds(t.key) if t.function is run_job else 0.0 for t in tasks}
    work_s, path_s = sum(seconds.values()), critical_path_s(tasks, seconds)
    plain_s = {count: makespan_s(tasks, seconds, count) for count in PLAIN_CROWDS}
    over = measured_s / plain_s[CROWD]
    name = f"{CROWD} workers, {CROWD_POINTS:,} points"
    return [
        Row(f"{name}: steps", "", counts_of(tasks)),
        Row(f"{name}: work / {CROWD}, longest chain [s]", "", f"{work_s / CROWD:.0f}, {path_s:.0f}"),
        Row(f"{name}: time by Dask's scheduler [s]", "", f"{measured_s:.0f}"),
        Row(
            f"{name}: that over a plain simulation ({plain_s[CROWD]:.0f} s)",
            f"< {MOST_OVER_PLAIN}",
            f"{over:.2f}",
            over < MOST_OVER_PLAIN,
        ),
        Row(f"{name}: workers busy [%]", "", f"{100 * work_s / CROWD / measured_s:.0f}"),
        Row(f"{CROWD} workers, steps of nothing: tasks a second, one process in all", "", f"{rate:.0f}"),
        *(
            Row(
                f"plain simulation, {count:,} workers: time [s], busy [%]",
                "",
                f"{each_s:.0f}, {100 * work_s / count / each_s:.0f}",
            )
            for count, each_s in plain_s.items()
        ),
    ]


def main() -> int:
    """Measure and print; return the exit code."""
    speech = Path(sys.argv[1] if len(sys.argv) > 1 else "speech")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [*measure_real(speech, folder), *measure_growth(folder), *measure_crowd(folder)]
    console().print(table("Exploring", ("what", "promised", "measured", ""), [row.cells for row in rows]))
    return 0 if all(row.kept is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
