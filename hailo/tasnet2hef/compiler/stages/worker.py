"""The process of one stage: ``python -m tasnet2hef.compiler.stages.worker STAGE job.json``.

It runs in the compiler's own environment and imports only light modules of this package, and the vendor's package.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from pathlib import Path

from tasnet2hef.compiler.stages import vendor
from tasnet2hef.compiler.stages.job import RESULT_NAME, StageJob, StageResult, read_job

FAILED = 1
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def main(arguments: list[str]) -> int:
    """Run the stage that a job file describes; return 0 when it was done."""
    _, job_path = arguments
    job = read_job(Path(job_path))
    exit_with_parent(job.parent)
    result = run_stage(job)
    result.save(Path(job.folder) / RESULT_NAME)
    return FAILED if result.error else 0


def run_stage(job: StageJob) -> StageResult:
    """Run a stage; an exception becomes its result, the traceback goes to the log."""
    try:
        return vendor.STAGES[job.stage](job)
    except Exception as error:  # the vendor's errors share no base class
        traceback.print_exc()
        kind = type(error)
        return StageResult(error=f"{kind.__module__}.{kind.__qualname__}: {error}".removeprefix("builtins."))


def exit_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, even by ``kill -9``."""
    if not parent or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(FAILED)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the result is saved: the vendor's threads and clean-up can't hang or crash it now
