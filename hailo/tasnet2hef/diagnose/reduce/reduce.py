"""The reduce stage: from a graph that fails to the smallest one that fails in the same way, with its papers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import onnx

from tasnet2hef.base.errors import GraphError, OptionError, Tasnet2HefError
from tasnet2hef.base.files import digest_of_bytes, digest_of_file, written_beside
from tasnet2hef.base.supervise.lock import locked
from tasnet2hef.diagnose.reduce.journal import JOURNAL_NAME, Attempt, Journal
from tasnet2hef.diagnose.reduce.options import ReduceOptions
from tasnet2hef.diagnose.reduce.oracle import REDUCED_NAME, command_of, oracle_of
from tasnet2hef.diagnose.reduce.outcome import PASSED
from tasnet2hef.diagnose.reduce.preparation import prepared
from tasnet2hef.diagnose.reduce.reduce_report import ReduceReport
from tasnet2hef.diagnose.reduce.reproduction import shown_command, write_reproduction
from tasnet2hef.diagnose.reduce.search import Found, search
from tasnet2hef.diagnose.reduce.ticket import ticket_text
from tasnet2hef.diagnose.reduce.trials import CANDIDATE_NAME, LOG_NAME, Trials, Watcher, refuse_unsteady
from tasnet2hef.target.failures.classify import all_signatures

STEPS_NAME: Final = "steps"
TICKET_NAME: Final = "ticket.md"


def reduce_file(source: Path, options: ReduceOptions, display: Watcher) -> ReduceReport:
    """Reduce an ONNX file; a second call with the same options goes on where a stopped one was.

    Raises:
        GraphError: the file can't be read as a static ONNX graph, or does not fail.
        OptionError: no such command, a failure that comes and goes or is the machine's, or a folder of something
            else.
        RefusedError: the failure is gone once the graph is written anew.
    """
    start = prepared(source, options.input_shapes)
    if options.check:
        command_of(options.check)
    steps = options.output / STEPS_NAME
    with _kept_if_good(options.output), locked(steps) as lock:
        journal = Journal(steps / JOURNAL_NAME, _purpose(source, options))
        oracle = oracle_of(options, _names(start), lock.token)
        trials = Trials(steps, oracle, journal, options.max_attempts, display)
        display.announced(_announcement(source, start, options, journal.resumed), options.max_attempts)
        try:
            _take_target(source, start, trials, options)
            found = search(start, trials, source.name)
            same = _confirm(found, trials, options)
            return _write(source, start, found, trials, options, journal.resumed, same)
        finally:
            for name in (CANDIDATE_NAME, LOG_NAME):
                (steps / name).unlink(missing_ok=True)


@contextmanager
def _kept_if_good(folder: Path) -> Iterator[None]:
    """Refuse a folder of other things; take a new one away again if nothing came of it."""
    is_new = not folder.exists()
    if not is_new and not (folder / STEPS_NAME / JOURNAL_NAME).is_file() and _is_occupied(folder):
        raise OptionError(f"{folder}: holds something else than a reduction; give a new folder with -o")
    try:
        yield
    except Tasnet2HefError:
        if is_new and not any((folder / STEPS_NAME).glob("step_*")):
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _is_occupied(folder: Path) -> bool:
    return not folder.is_dir() or any(folder.iterdir())


def _purpose(source: Path, options: ReduceOptions) -> dict[str, Any]:
    """Return what an output folder belongs to; attempts at anything else must not be taken for ours."""
    return {
        "graph": digest_of_file(source),
        "--check": options.check,
        "--rule": options.rule,
        "--signature": options.signature,
        "--match": options.match,
        "--hw": options.hardware,
        "--input-shape": {name: list(shape) for name, shape in options.input_shapes.items()},
        "--timeout": options.timeout_seconds,
    }


def _names(model: onnx.ModelProto) -> frozenset[str]:
    """Return the names of a graph's nodes and tensors, which differ from cut to cut."""
    graph = model.graph
    names = {name for node in graph.node for name in (node.name, *node.input, *node.output)}
    return frozenset(names | {tensor.name for tensor in graph.initializer}) - {""}


def _announcement(source: Path, model: onnx.ModelProto, options: ReduceOptions, resumed: int) -> str:
    by = f"rule {options.rule}" if options.rule else options.check
    bound = "" if options.rule else f" of at most {options.timeout_seconds:g} s each"
    earlier = f"; {resumed} of them are known from an earlier run" if resumed else ""
    return (
        f"{source.name}: {len(model.graph.node)} nodes, judged by {by}: at most {options.max_attempts} "
        f"attempts{bound}{earlier}; stop it any time, the same command goes on"
    )


def _take_target(source: Path, start: onnx.ModelProto, trials: Trials, options: ReduceOptions) -> None:
    """Run the original and learn how it fails. A rule reads the graph as prepared: with static inputs."""
    path, digest = source, digest_of_file(source)
    if options.rule:
        path = options.output / STEPS_NAME / CANDIDATE_NAME
        written = start.SerializeToString(deterministic=True)
        path.write_bytes(written)
        digest = digest_of_bytes(written)
    nodes = len(start.graph.node)
    first = trials.first(path, digest, nodes, options.wanted)
    _refuse_other(source, first, trials.target, options)
    if options.check:
        refuse_unsteady(str(source), trials.repeated(path, digest, nodes, options.repeats), options.repeats)


def _refuse_other(source: Path, first: Attempt, target: str, options: ReduceOptions) -> None:
    """Refuse an original that doesn't fail, fails otherwise, or fails for want of something on this machine."""
    outcome, judge = first.outcome, f"rule {options.rule}" if options.rule else "the command"
    if outcome.ended == PASSED:
        raise GraphError(f"{source}: found nothing wrong by {judge}, expected a failure; give what fails")
    if not first.same:
        raise OptionError(
            f"{source}: fails as {outcome.marks[0]} ({outcome.words[:120]}), expected {target}; mend --match, "
            "--signature, or leave them out"
        )
    machine = {f"signature:{each.id}": each for each in all_signatures() if each.machine}
    if target in machine and target != options.wanted:
        raise OptionError(
            f"{source}: {judge} fails as {target}, expected a failure that says something of the graph: "
            f"{machine[target].cause}; {machine[target].way_out}"
        )


def _confirm(found: Found, trials: Trials, options: ReduceOptions) -> int:
    """Run the result again; return how often it failed in the same way."""
    if options.rule:
        return 1
    written = found.model.SerializeToString(deterministic=True)
    candidate = options.output / STEPS_NAME / CANDIDATE_NAME
    candidate.write_bytes(written)
    return trials.repeated(candidate, digest_of_bytes(written), len(found.model.graph.node), options.repeats)


def _write(
    source: Path,
    start: onnx.ModelProto,
    found: Found,
    trials: Trials,
    options: ReduceOptions,
    resumed: int,
    same_runs: int,
) -> ReduceReport:
    folder = options.output
    with written_beside(folder / REDUCED_NAME) as part:
        part.write_bytes(found.model.SerializeToString(deterministic=True))
    report = ReduceReport(
        source=source,
        nodes_before=len(start.graph.node),
        nodes_after=len(found.model.graph.node),
        operators=tuple(node.op_type for node in found.model.graph.node),
        target=trials.target,
        words=trials.steps[-1].attempt.outcome.words,
        minimal=found.minimal,
        weights=found.weights,
        attempts=trials.count,
        resumed=resumed,
        runs=1 if options.rule else options.repeats,
        same_runs=same_runs,
        reduced=folder / REDUCED_NAME,
        script=write_reproduction(folder, options, trials.target),
        ticket=folder / TICKET_NAME,
        steps=tuple(step.path for step in trials.steps),
    )
    with written_beside(report.ticket) as part:
        part.write_text(ticket_text(report, found.model, shown_command(options)), encoding="utf-8")
    return report
