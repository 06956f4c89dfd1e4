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
from tasnet2hef.cli.show import table
from tasnet2hef.explore.steps import run_job

CHECKPOINT = Path(__file__).parents[1] / "tasnet2hef" / "assets" / "demo_student.pth"
LEAST_RATIO = 1.6
MOST_OVERHEAD_S = 0.5
MOST_GROWTH = 1.5
MOST_OVER_PLAIN = 1.5
ROUNDS = (1, 2, 1, 2)
"""Workers of each run: in turn, for the load of a machine changes."""
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


@dataclass(frozen=True, order=True)
class Round:
    """One run of the small study: its wall time, and that of its steps together."""

    wall_s: float
    steps_s: float
    processes: int

    @property
    def beside_steps_s(self) -> float:
        """Wall time in which a worker did no step."""
        return self.wall_s - self.steps_s / self.processes


def measure_real(speech: Path, folder: Path) -> list[Row]:
    """Run the small study in this process, and by one and two workers in turn; the best of each counts."""
    inputs = begin_small(CHECKPOINT, speech, folder / "inputs")
    count = len(inputs.study.points)
    run(inputs.copied(folder / "steps_0"), folder / "study_0", InProcess())
    rounds = [measure_round(inputs, processes, folder / str(number)) for number, processes in enumerate(ROUNDS)]
    wrote = results([folder / "study_0", *(folder / str(number) / "study" for number in range(len(ROUNDS)))])
    one, two = (min(each for each in rounds if each.processes == processes) for processes in (1, 2))
    is_equal, ratio, overhead_s = len(set(wrote)) == 1, one.wall_s / two.wall_s, one.beside_steps_s / count
    name = f"{count} points of the demo net"
    return [
        Row(f"{name}, 1 worker: points a minute", "", f"{60 * count / one.wall_s:.1f}"),
        Row(f"{name}, 2 workers: points a minute", "", f"{60 * count / two.wall_s:.1f}"),
        Row(f"{name}: 2 workers over 1", f">= {LEAST_RATIO}", f"{ratio:.2f}", ratio >= LEAST_RATIO),
        Row(f"{name}, 2 workers: in steps [%]", "", f"{50 * two.steps_s / two.wall_s:.0f}"),
        Row("results.json of none, 1 and 2 workers", "equal", "equal" if is_equal else "differ", is_equal),
        Row(
            f"{name}, 1 worker: wall time beside the steps, a point [s]",
            f"< {MOST_OVERHEAD_S}",
            f"{overhead_s:.3f}",
            overhead_s < MOST_OVERHEAD_S,
        ),
    ]


def measure_round(inputs: Inputs, processes: int, folder: Path) -> Round:
    """Run the small study once, by workers that have imported what they need."""
    folder.mkdir()
    with open_workers(processes=processes) as workers:
        run(inputs.copied(folder / "first_steps", FIRST_GRID), folder / "first", workers)
        timed = Timed(workers, folder / "seconds")
        started = time.perf_counter()
        run(inputs.copied(folder / "steps"), folder / "study", timed)
        return Round(time.perf_counter() - started, timed.seconds, processes)


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
    table("Exploring", ("what", "promised", "measured", ""), [row.cells for row in rows])
    return 0 if all(row.kept is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
