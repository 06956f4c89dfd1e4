"""``make fuzz``: thousands of damaged graphs through ``check``: a report or one line, no traceback, no hang."""

from __future__ import annotations

import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import FrameType

import onnx
from rich.progress import track

from tasnet2hef.base.errors import GraphError
from tasnet2hef.model.network.hailo_tasnet import BuildOptions, HailoTasNet
from tasnet2hef.model.onnx_writer import make_model
from tasnet2hef.target.check import check_file
from tests.random_weights import random_reference, small_spec
from tests.target.graph.mutations import damaged, rewired

HANG_SECONDS = 10


class HangError(Exception):
    """A check took too long."""


def _hang(_signal: int, _frame: FrameType | None) -> None:
    raise HangError


def small_models() -> list[onnx.ModelProto]:
    """Export a few small nets that have different operators."""
    specs = [small_spec(norm_type="gLN"), small_spec(norm_type="bN", causal=True, mask_act="softmax", n_src=3)]
    return [
        make_model(HailoTasNet(spec, random_reference(spec).state_dict(), BuildOptions(window_frames=100)))
        for spec in specs
    ]


def result_of_check(path: Path) -> str:
    """Check one file; return ``checked``, ``refused``, or the failure."""
    signal.alarm(HANG_SECONDS)
    try:
        check_file(path)
    except GraphError:
        return "refused"
    except HangError:
        return f"hang of {HANG_SECONDS} s"
    except Exception as error:
        return f"FAILED {type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    return "checked"


def main() -> None:
    """Check damaged graphs and count the results; exit code 1 if one failed."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    signal.signal(signal.SIGALRM, _hang)
    models = small_models()
    generator, results, start = random.Random(20), Counter[str](), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.onnx"
        for turn in track(range(turns), description="damaged graphs"):
            model = generator.choice(models)
            path.write_bytes(
                damaged(model.SerializeToString(), generator) if turn % 2 else rewired(model, generator)
            )
            result = result_of_check(path)
            results[result] += 1
            if result not in ("checked", "refused"):
                kept = Path("build/fuzz") / f"{turn}.onnx"
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(path.read_bytes())
    print(dict(results), f"{time.perf_counter() - start:.0f} s")
    sys.exit(bool(set(results) - {"checked", "refused"}))


if __name__ == "__main__":
    main()
