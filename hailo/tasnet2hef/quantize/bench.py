"""A prepared net with the windows that score it: in this process, or packed for another one.

A worker is given what was calibrated here, not the calibration set, so that all workers round with the same ranges
and weights. It opens a session, on one thread, and keeps it as long as what it was given.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

from tasnet2hef.base.files import digest_of_bytes
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.version import __version__
from tasnet2hef.quantize.number_format import A8_W8, Precision
from tasnet2hef.quantize.score import Score, Scorer
from tasnet2hef.quantize.simulator import Simulator, open_simulator
from tasnet2hef.runtime.backends.host_part import HostEnds
from tasnet2hef.runtime.backends.segment_names import paths_of_segments
from tasnet2hef.runtime.backends.segments import GRAPHS


@dataclass(frozen=True, eq=False)
class Run:
    """The net with some layers at ``precisions``, all others at ``default``; ``kind`` and ``layers`` name it."""

    kind: str
    layers: tuple[str, ...] = ()
    precisions: Mapping[str, Precision] = field(default_factory=dict)
    default: Precision = A8_W8
    correct_bias: bool = True

    @property
    def name(self) -> str:
        """Its name in a stored search.

        >>> Run("mix", ("conv2", "conv1")).name
        'mix: conv1 conv2'
        """
        return f"{self.kind}: {' '.join(sorted(self.layers))}"

    @property
    def content(self) -> str:
        """All that decides the score of a given net."""
        return repr((sorted(self.precisions.items()), self.default, self.correct_bias))


@dataclass(frozen=True, eq=False)
class Bench:
    """A net and what scores it."""

    simulator: Simulator
    scorer: Scorer

    def score(self, run: Run) -> Score:
        """Run all windows."""
        backend = self.simulator.backend(run.precisions, run.default, correct_bias=run.correct_bias)
        return self.scorer.score(backend)


@dataclass(frozen=True)
class PackedBench:
    """A bench without its session, as bytes; ``digest`` is theirs."""

    digest: str
    content: bytes = field(compare=False, repr=False)


_CALIBRATED: Final = ("net", "contract", "borders", "observed", "equalised", "lifted")


def pack(bench: Bench) -> PackedBench:
    """Pack a bench for other processes, which compute on one thread each."""
    one = bench.simulator
    calibrated = {name: getattr(one, name) for name in _CALIBRATED} | {
        "preparation": replace(one.preparation, threads=1)
    }
    ends = () if one.ends is None else (one.ends.encoder.path.read_bytes(), one.ends.decoder.path.read_bytes())
    content = pickle.dumps((calibrated, ends, bench.scorer))
    return PackedBench(digest_of_bytes(__version__.encode() + content), content)


def score_run(run: Run, bench: Bench | PackedBench) -> Score:
    """Score one run."""
    return (_opened(bench) if isinstance(bench, PackedBench) else bench).score(run)


_OPENED: Final[WeakKeyDictionary[PackedBench, Bench]] = WeakKeyDictionary()
_OPENING: Final = Lock()
"""A worker may have several threads: one of them opens, the others wait."""


def _opened(packed: PackedBench) -> Bench:
    with _OPENING:
        if packed not in _OPENED:
            calibrated, ends, scorer = pickle.loads(packed.content)
            host_ends = _opened_ends(calibrated["contract"], ends)
            _OPENED[packed] = Bench(open_simulator(**calibrated, ends=host_ends), scorer)
        return _OPENED[packed]


def _opened_ends(contract: GraphContract, files: Sequence[bytes]) -> HostEnds | None:
    """Open the host's parts from the contents of their files, as many as there are: two or none."""
    if not files:
        return None
    with TemporaryDirectory() as folder:
        encoder, chip, decoder = paths_of_segments(Path(folder, "net.onnx"), contract.segments, contract.ends)
        for path, content in zip((encoder, decoder), files, strict=True):
            path.write_bytes(content)
        return HostEnds(chip, contract, GRAPHS, threads=1)
