"""SIGINT, SIGTERM and SIGHUP: one line, 128 + the signal's number, from the first moments on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

import tasnet2hef.cli.main
from tasnet2hef.cli.signals import CLEAN_UP_SECONDS, StopSignals
from tests.cli.program import finish, heed_signals, start

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def _until(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it did not begin in 30 s")


@pytest.fixture
def long_recording(tmp_path: Path) -> Path:
    path = tmp_path / "long.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(8000 * 60), 8000)
    return path


def _handles(process: subprocess.Popen[str], number: int) -> bool:
    """Return whether a process handles a signal, as the kernel has it."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    mask = next(line.split()[1] for line in lines if line.startswith("SigCgt"))
    return bool(int(mask, 16) >> (number - 1) & 1)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("after_seconds", [0, 1])
def test_a_signal_is_one_line_and_its_code(number: int, times: int, after_seconds: int) -> None:
    """Once from the first moment, and more than once: terminals and `timeout` send it to the group as well."""
    running = start("explain", "-", "--json", stdin=subprocess.PIPE)
    _until(lambda: _handles(running, signal.SIGTERM) and _handles(running, signal.SIGHUP))
    time.sleep(after_seconds)
    for _ in range(times):
        running.send_signal(number)
    code, out, error = finish(running)
    assert (code, error) == (128 + number, "stopped\n")
    if out:  # nothing yet, where it had not begun
        assert json.loads(out)["error"]["found"] == f"stopped by {signal.Signals(number).name}"


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS)
def test_live_keeps_its_recording(number: int, model: Path, long_recording: Path) -> None:
    heard, record = model.with_name("heard.wav"), model.with_name("record")
    running = start(
        *("live", str(model), "--from-file", str(long_recording), "--to-file", str(heard), "--speed", "1"),
        *("--record", str(record), "--json"),
    )
    _until(lambda: any(each.stat().st_size > 20_000 for each in record.glob(".*")))
    running.send_signal(number)
    code, out, error = finish(running)
    assert code == 0, error
    assert json.loads(out)["seconds"] > 0
    lengths = {soundfile.info(path).frames for path in record.iterdir()}
    assert len(list(record.iterdir())) == 3
    assert len(lengths) == 1
    assert lengths.pop() > 1000


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_ignored_signal_stays_ignored(number: int) -> None:
    running = start("rules", "--json", preexec_fn=lambda: signal.signal(number, signal.SIG_IGN))
    while running.poll() is None:
        running.send_signal(number)
        time.sleep(0.02)
    code, out, error = finish(running)
    assert (code, error) == (0, "")
    assert json.loads(out)["rules"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["tasnet2hef.cli.running", "rich.console", "onnx", "numpy"])
def test_a_signal_while_commands_are_imported(number: int, module: str) -> None:
    """The signal comes from within the imports, at a different module each time."""
    code = (
        "import signal, sys\n"
        "module = sys.argv.pop(1)\n"
        "from tasnet2hef.cli import main\n"
        "class Sender:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == module: signal.raise_signal({number})\n"
        "sys.meta_path.insert(0, Sender())\n"
        "main.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, module, "check", "none.onnx"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=heed_signals,
    )
    assert (done.returncode, done.stderr) == (128 + number, "stopped\n")


def test_little_is_imported_before_signals_are_handled() -> None:
    code = "import sys; before = set(sys.modules); import tasnet2hef.cli.main; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert tasnet2hef.cli.main.__name__ in imported
    assert not imported & {"typing", "typer", "rich", "numpy", "threading", "dataclasses", "importlib.metadata"}


def test_importing_the_package_changes_no_signal() -> None:
    code = (
        "import signal; numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)\n"
        "before = [signal.getsignal(each) for each in numbers]\n"
        "import tasnet2hef.api, tasnet2hef.cli.main, tasnet2hef.cli.signals\n"
        "tasnet2hef.cli.main.run(tasnet2hef.cli.main.make_app(), ['--version'])\n"
        "assert before == [signal.getsignal(each) for each in numbers]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def installed() -> StopSignals:
    # SIGINT is ignored where a shell started the tests in the background
    before, hook = {each: signal.signal(each, signal.SIG_DFL) for each in SIGNALS}, sys.unraisablehook
    signals = StopSignals()
    signals.install()
    yield signals
    sys.unraisablehook = hook
    for each, handler in before.items():
        signal.signal(each, handler)


def test_a_second_signal_does_not_disturb_the_clean_up(installed: StopSignals) -> None:
    cleaned = False
    try:
        signal.raise_signal(signal.SIGTERM)
    except KeyboardInterrupt:
        signal.raise_signal(signal.SIGTERM)
        cleaned = True
    assert cleaned
    assert installed.received == signal.SIGTERM


def test_a_late_second_signal_ends_a_clean_up_that_hangs(
    installed: StopSignals, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    later = time.monotonic() + CLEAN_UP_SECONDS
    monkeypatch.setattr("tasnet2hef.cli.signals.time.monotonic", lambda: later)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGHUP)
    assert installed.received == signal.SIGHUP


@pytest.mark.usefixtures("installed")
def test_a_signal_that_python_swallows_comes_again(capsys: pytest.CaptureFixture[str]) -> None:
    class Noisy:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it comes some time after the deletion
        noisy = Noisy()
        del noisy
        time.sleep(10)
    assert capsys.readouterr().err == ""
