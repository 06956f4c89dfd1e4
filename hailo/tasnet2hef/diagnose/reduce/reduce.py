"""Reduces a graph that fails to the smallest one that fails in the same way, with a script and a ticket."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import onnx

from tasnet2hef.base.errors import GraphError, OptionError, Tasnet2HefError
from tasnet2hef.base.files import digest_of_bytes, digest_of_file, written_beside
from tasnet2hef.base.marks import NO_MARK
from tasnet2hef.base.outputs import Output, require_outputs, require_own_folder
from tasnet2hef.base.supervise.lock import locked
from tasnet2hef.diagnose.reduce.attempts import (
    CANDIDATE_NAME,
    AttemptRunner,
    ReduceDisplay,
    refuse_flaky,
)
from tasnet2hef.diagnose.reduce.bench import LOG_NAME, Bench, Here
from tasnet2hef.diagnose.reduce.checker import REDUCED_NAME, make_checker, parse_command, require_command
from tasnet2hef.diagnose.reduce.fingerprint import PASSED
from tasnet2hef.diagnose.reduce.journal import JOURNAL_NAME, Attempt, Journal
from tasnet2hef.diagnose.reduce.options import ReduceOptions
from tasnet2hef.diagnose.reduce.prepare import prepared
from tasnet2hef.diagnose.reduce.reduce_report import ReduceReport
from tasnet2hef.diagnose.reduce.reproduce_script import SCRIPT_NAME, command_text, write_script
from tasnet2hef.diagnose.reduce.search import SearchResult, first_candidates, search
from tasnet2hef.diagnose.reduce.side_by_side import AHEAD_NAME, side_by_side
from tasnet2hef.diagnose.reduce.ticket import ticket_text
from tasnet2hef.target.failures.tables import compiler_signatures

STEPS_NAME: Final = "steps"
TICKET_NAME: Final = "ticket.md"


def reduce_file(source: Path, options: ReduceOptions, display: ReduceDisplay) -> ReduceReport:
    """Reduce an ONNX file; a second call with the same options resumes an interrupted one.

    Raises:
        GraphError: the file can't be read as a static ONNX graph, or does not fail.
        OptionError: no such command, a failure that is flaky or due to this machine, or a folder with other
            contents.
        RefusedError: the failure is gone once the graph is rewritten.
    """
    model = prepared(source, options.input_shapes)
    if options.check:
        words = parse_command(options.check)
        if not options.scheduler:
            require_command(words)
    steps = options.output / STEPS_NAME
    require_own_folder(options.output, "a reduction", (f"{STEPS_NAME}/{JOURNAL_NAME}",), force=options.force)
    require_outputs(_outputs(options.output), [source], force=True)  # the folder is ours: only the source counts
    with _removed_if_useless(options.output), locked(steps) as lock:
        journal = Journal(steps / JOURNAL_NAME, _identity(source, options))
        with _bench(options, _names(model), steps, lock.token, display) as bench:
            attempts = AttemptRunner(steps, bench, journal, options.max_attempts, display)
            display.started(_plan(source, model, options, journal.resumed), options.max_attempts)
            _run_original(source, model, attempts, options)
            result = search(model, attempts, source.name)
            same_runs = _count_same(result, attempts, options)
        report = _write(source, model, result, attempts, options, journal.resumed, same_runs)
        shutil.rmtree(steps / AHEAD_NAME, ignore_errors=True)
        return report


@contextmanager
def _bench(
    options: ReduceOptions, names: frozenset[str], steps: Path, token: str, display: ReduceDisplay
) -> Iterator[Bench]:
    """Yield where graphs are checked; what the last one left in ``steps`` is removed."""
    checker = make_checker(options, names, token)
    try:
        if options.scheduler or options.workers:
            where = (options.scheduler, options.workers)
            with side_by_side(*where, checker, token, steps, options.max_attempts, display.working) as bench:
                yield bench
        else:
            yield Here(steps, checker, display.working)
    finally:
        for name in (CANDIDATE_NAME, LOG_NAME):
            (steps / name).unlink(missing_ok=True)


def _outputs(folder: Path) -> list[Output]:
    return [Output(folder / name, NO_MARK) for name in (REDUCED_NAME, SCRIPT_NAME, TICKET_NAME)]


@contextmanager
def _removed_if_useless(folder: Path) -> Iterator[None]:
    """Remove a new folder if the reduction is refused before its first step."""
    is_new = not folder.exists()
    try:
        yield
    except Tasnet2HefError:
        if is_new and not any((folder / STEPS_NAME).glob("step_*")):
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _identity(source: Path, options: ReduceOptions) -> dict[str, Any]:
    """Return the graph and the options that an output folder belongs to; others can't reuse its attempts."""
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


def _plan(source: Path, model: onnx.ModelProto, options: ReduceOptions, resumed: int) -> str:
    by = f"rule {options.rule}" if options.rule else options.check
    limit = "" if options.rule else f" of at most {options.timeout_seconds:g} s each"
    earlier = f"; {resumed} of them are known from an earlier run" if resumed else ""
    return (
        f"{source.name}: {len(model.graph.node)} nodes, checked by {by}: at most {options.max_attempts} "
        f"attempts{limit}{earlier}; stop it any time, the same command resumes it"
    )


def _run_original(source: Path, model: onnx.ModelProto, attempts: AttemptRunner, options: ReduceOptions) -> None:
    """Run the original to see how it fails. A rule reads the prepared graph, which has static inputs."""
    path, digest = source, digest_of_file(source)
    if options.rule:
        path, digest = _write_candidate(model, options)
    nodes = len(model.graph.node)
    original = attempts.run_original(path, digest, nodes, options.wanted)
    _refuse_other(source, original, attempts.failure, options)
    if options.check:
        same = attempts.count_same(path, digest, nodes, options.repeats, first_candidates(model))
        refuse_flaky(str(source), same, options.repeats)


def _refuse_other(source: Path, original: Attempt, failure: str, options: ReduceOptions) -> None:
    """Refuse an original that doesn't fail, fails in another way, or fails because of this machine."""
    result, checker = original.result, f"rule {options.rule}" if options.rule else "the command"
    if result.ended == PASSED:
        raise GraphError(f"{source}: found no failure by {checker}, expected one; give a graph that fails")
    if not original.same:
        raise OptionError(
            f"{source}: fails as {result.fingerprints[0]} ({result.message[:120]}), expected {failure}; correct "
            "--match or --signature, or leave them out"
        )
    machine = {f"signature:{each.id}": each for each in compiler_signatures() if each.machine}
    if failure in machine and failure != options.wanted:
        raise OptionError(
            f"{source}: {checker} fails as {failure}, expected a failure that the graph causes: "
            f"{machine[failure].cause}; {machine[failure].remedy}"
        )


def _count_same(result: SearchResult, attempts: AttemptRunner, options: ReduceOptions) -> int:
    """Run the result again; return how often it failed in the same way."""
    if options.rule:
        return 1
    path, digest = _write_candidate(result.model, options)
    return attempts.count_same(path, digest, len(result.model.graph.node), options.repeats)


def _write_candidate(model: onnx.ModelProto, options: ReduceOptions) -> tuple[Path, str]:
    """Write a graph to be checked; return its path and its digest."""
    path = options.output / STEPS_NAME / CANDIDATE_NAME
    content = model.SerializeToString(deterministic=True)
    with written_beside(path) as part:
        part.write_bytes(content)
    return path, digest_of_bytes(content)


def _write(
    source: Path,
    original: onnx.ModelProto,
    result: SearchResult,
    attempts: AttemptRunner,
    options: ReduceOptions,
    resumed: int,
    same_runs: int,
) -> ReduceReport:
    folder = options.output
    with written_beside(folder / REDUCED_NAME) as part:
        part.write_bytes(result.model.SerializeToString(deterministic=True))
    report = ReduceReport(
        source=source,
        nodes_before=len(original.graph.node),
        nodes_after=len(result.model.graph.node),
        operators=tuple(node.op_type for node in result.model.graph.node),
        failure=attempts.failure,
        message=attempts.kept[-1].attempt.result.message,
        minimal=result.minimal,
        weights=result.weights,
        attempts=attempts.count,
        tried_ahead=attempts.tried_ahead,
        resumed=resumed,
        runs=1 if options.rule else options.repeats,
        same_runs=same_runs,
        reduced=folder / REDUCED_NAME,
        script=write_script(folder, options, attempts.failure),
        ticket=folder / TICKET_NAME,
        steps=tuple(each.path for each in attempts.kept),
    )
    with written_beside(report.ticket) as part:
        part.write_text(ticket_text(report, result.model, command_text(options)), encoding="utf-8")
    return report
