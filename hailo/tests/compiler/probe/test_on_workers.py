"""A probe on the workers of a cluster: the answers are those of one machine, and of one compiler."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.cli.main import make_app, run
from tasnet2hef.compiler.probe.report import ProbeReport
from tests.compiler.conftest import STAND_IN
from tests.compiler.probe.conftest import ProbeBench, by_name, refusing
from tests.compiler.probe.test_probe import BAD, ONE_BAD, ONE_GOOD, RULE, level_and_grade

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.slow

Cluster = Callable[[], str]


@pytest.fixture
def cluster(bench: ProbeBench) -> Iterator[Cluster]:
    """Return a function that starts a scheduler with two workers beside the stand-in; it returns the address."""
    opened = []

    def start(**resources: float) -> str:
        new = distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            resources=resources or {"DFC": 1},
        )
        opened.append(new)
        return str(new.scheduler_address)

    yield start
    for each in opened:
        each.close()


def _rows(report: ProbeReport) -> list[str]:
    """Return the rows of the journal in an order that does not depend on who was ready first."""
    assert report.verdicts is not None
    return sorted(report.verdicts.read_text(encoding="utf-8").splitlines())


def test_two_workers_answer_as_one_machine(bench: ProbeBench, cluster: Cluster) -> None:
    bench.release(**{BAD: refusing("Super deconv is not supported with groups in /home/jane/x.har")})
    here = bench.probe(RULE, folder=bench.folder / "here")
    called = sorted(bench.calls())
    there = bench.probe(RULE, scheduler=cluster())
    assert there.cases == here.cases
    assert _rows(there) == _rows(here)
    assert sorted(bench.calls()) == sorted(called * 2), "each stage of each case ran once"
    assert bench.display.asked[0] == ("operator/Conv", "up to compile"), "the control comes first"
    assert there.knowledge == here.knowledge
    logs = {path.parent.name: path.read_bytes() for path in there.folder.glob("*/log.txt")}
    assert len(logs) == 9
    assert all(b"STAND-IN" in text for text in logs.values())
    assert bench.probe(RULE, scheduler=cluster()).cases == here.cases
    assert sorted(bench.calls()) == sorted(called * 2), "what was answered is not asked again"


def test_a_probe_that_was_stopped_goes_on_with_workers_or_without(bench: ProbeBench, cluster: Cluster) -> None:
    address = cluster()
    short = bench.probe(RULE, scheduler=address, seconds=1e-9)
    assert "budget" in short.stopped_because
    assert short.count("not answered") == len(short.cases)
    bench.release(**{BAD: refusing("", "compile", "hang")})
    stopped = by_name(bench.probe(RULE, scheduler=address, limits={"compile": 6.0}))[ONE_BAD]
    assert (stopped.happened, stopped.words) == ("not answered", "compile: out of time")
    bench.release()
    again = bench.probe(RULE, scheduler=address)
    assert by_name(again)[ONE_BAD].happened == "pass"
    assert len(_rows(again)) == 9
    calls = bench.calls()
    assert bench.probe(RULE).cases == again.cases
    assert bench.calls() == calls


def test_where_two_convolutions_fail_no_other_case_is_asked(bench: ProbeBench, cluster: Cluster) -> None:
    address = cluster()
    bench.release(net_=refusing("broken", "translate"))
    with pytest.raises(RefusedError, match="control graph"):
        bench.probe(RULE, scheduler=address)
    assert bench.calls() == ["translate"]
    bench.release(net_=refusing("broken", "compile"))
    report = bench.probe(RULE, scheduler=address)
    assert "control graph" in report.stopped_because
    assert by_name(report)[ONE_GOOD].happened == "not answered"
    assert level_and_grade()[1] == "recorded"


def test_workers_with_two_releases_are_refused_by_name(bench: ProbeBench, cluster: Cluster) -> None:
    address = cluster()
    # The first worker has told its release when the first case is asked about: now the other one tells another.
    bench.before = lambda: bench.release("3.33.0")
    expected = r"worker \d on \S+: found DFC 3\.33\.0, expected 3\.34\.0, as worker \d on \S+ has"
    with pytest.raises(RefusedError, match=expected):
        bench.probe(RULE, scheduler=address)
    kept = (bench.folder / "probe" / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(row)["dfc_version"] for row in kept} <= {"3.34.0"}


def test_no_worker_with_a_compiler(
    bench: ProbeBench, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(bench.folder)
    with pytest.raises(OptionError, match="found no worker that has DFC"):
        bench.probe(RULE, scheduler=cluster(other=1))
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN.parents[2]))
    assert run(make_app(), ["probe", "--only", RULE, "--scheduler", cluster()]) == 2
    assert "the compiler is not installed in worker" in capsys.readouterr().err
    assert run(make_app(), ["probe", "--only", RULE, "--scheduler", "nonsense://"]) == 2
    error = capsys.readouterr().err
    assert "--scheduler nonsense://: found no scheduler that answers" in error
    assert error.count("\n") == 1
    assert not Path("probe").exists()
