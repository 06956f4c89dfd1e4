"""A graph prepared for simulation: borders found, ranges calibrated, weights equalised, one session open."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import GraphError, OptionError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.progress import Progress, no_progress
from tasnet2hef.base.text import first_few
from tasnet2hef.quantize.borders import Border, find_borders
from tasnet2hef.quantize.calibration.calibrate import require_audio_contract
from tasnet2hef.quantize.calibration.calibration_set import CalibrationSet, require_fit
from tasnet2hef.quantize.calibration.content import remarks_of
from tasnet2hef.quantize.lifted_model import LiftedModel, lift
from tasnet2hef.quantize.number_format import A8_W8, FLOAT, ActivationFormat, Precision
from tasnet2hef.quantize.observer import Observed, observe
from tasnet2hef.quantize.ranges import DEFAULT_METHOD, DEFAULT_PERCENTILE, choose_format, require_method
from tasnet2hef.quantize.switchable_net import SimulatedBackend, SwitchableNet, format_feeds
from tasnet2hef.quantize.weight_bank import WeightBank, equalise
from tasnet2hef.runtime.backends.frames import to_nchw
from tasnet2hef.runtime.backends.host_part import HostEnds
from tasnet2hef.runtime.backends.segment_names import is_chip_part
from tasnet2hef.runtime.backends.segments import GRAPHS
from tasnet2hef.target.alls.layers import suggestion
from tasnet2hef.target.graph.layers import HailoNet
from tasnet2hef.target.graph.loader import graph_of_model
from tasnet2hef.target.graph.opened import OpenedGraph

EQUALISING_WINDOWS: Final = 8
"""Windows in which the channels' peaks are measured before the weights are equalised."""


@dataclass(frozen=True)
class Preparation:
    """How the simulation is set up; the defaults mirror the compiler's at level 1."""

    range_method: str = DEFAULT_METHOD
    percentile: float = DEFAULT_PERCENTILE
    equalise: bool = True
    correct_bias: bool = True
    threads: int | None = None
    any_data: bool = False
    """Take a calibration set that would be refused."""


@dataclass(eq=False)
class Simulator:
    """A prepared model. `backend` returns it at any choice of precisions, without building anything again.

    ``lifted`` holds the equalised weights. What stands before ``bank`` is plain data, see ``open_simulator``.
    ``ends`` are the host's encoder and decoders around a chip part.
    """

    net: HailoNet
    contract: GraphContract
    borders: tuple[Border, ...]
    observed: Observed
    equalised: tuple[str, ...]
    lifted: LiftedModel
    preparation: Preparation
    bank: WeightBank
    uncorrected: WeightBank
    switchable: SwitchableNet
    ends: HostEnds | None
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    _formats: dict[tuple[str, int], ActivationFormat] = field(default_factory=dict)

    def format(self, layer: str, bits: int = 8) -> ActivationFormat:
        """Return the format of a layer's output."""
        if (layer, bits) not in self._formats:
            chosen = choose_format(
                self.observed.histograms[layer], bits, self.preparation.range_method, self.preparation.percentile
            )
            self._formats[layer, bits] = chosen
        return self._formats[layer, bits]

    def backend(
        self,
        precisions: Mapping[str, Precision] | None = None,
        default: Precision = A8_W8,
        *,
        correct_bias: bool = True,
    ) -> SimulatedBackend:
        """Return the net with some layers at their own precision and all others at ``default``.

        ``correct_bias=False`` leaves out the bias correction, even if the preparation includes it.
        """
        chosen = precisions or {}
        bank = self.bank if correct_bias else self.uncorrected
        feeds: dict[str, Any] = {}
        for border in self.borders:
            precision = chosen.get(border.layer, default)
            bits = precision.activation_bits
            feeds.update(format_feeds(border.layer, None if bits is None else self.format(border.layer, bits)))
            feeds.update(bank.feeds(border.layer, precision.weight_bits))
        return self.switchable.with_feeds(feeds)

    def float_backend(self) -> SimulatedBackend:
        """Return the net without any rounding."""
        return self.backend(default=FLOAT)

    def border_of(self, layer: str) -> Border:
        """Return the border of a layer: its own, or the one that it is part of.

        Raises:
            OptionError: the net has no such layer; the message names the nearest one.
        """
        for border in self.borders:
            if layer in border.layers:
                return border
        if layer in self.net:
            raise OptionError(f"layer {layer}: has no border of its own to set; choose the layer in front of it")
        known = [name for border in self.borders for name in border.layers]
        raise OptionError(f"layer {layer!r}: not in the net{suggestion(layer, known)}")


def prepare(
    graph: OpenedGraph,
    calibration: CalibrationSet,
    preparation: Preparation | None = None,
    progress: Progress = no_progress,
) -> Simulator:
    """Prepare a graph for simulation; a chip part together with the host's encoder and decoders beside it.

    Raises:
        GraphError: the graph can't be simulated, or the calibration set is for another window.
        InputError: the calibration set is damaged, or holds NaN, noise, silence or the like.
        OptionError: an option is out of range.
    """
    started = time.perf_counter()
    preparation = preparation or Preparation()
    require_method(preparation.range_method, preparation.percentile)
    loaded = graph.loaded
    if loaded.weights_absent:
        raise OptionError(f"{graph.path}: {loaded.notes[0]}; put the weights beside it")
    contract, net = require_audio_contract(graph), graph.net
    _require_one_column(graph.path, contract)
    notes = require_fit(calibration, graph) + remarks_of(calibration, graph, any_data=preparation.any_data)
    ends = HostEnds(graph.path, contract, GRAPHS, preparation.threads) if is_chip_part(contract) else None
    net_borders = find_borders(net)
    if net_borders.hidden:
        notes.append(
            f"{len(net_borders.hidden)} borders lie inside an ONNX node and stay float: "
            f"{first_few(net_borders.hidden, 5)}"
        )
    lifted = lift(graph.with_weights(), net, net_borders, loaded.constants)
    threads = preparation.threads
    equalised: tuple[str, ...] = ()
    shapes = _shapes(lifted, graph.path)
    if preparation.equalise:
        first = itertools.islice(_feeds(calibration, graph), EQUALISING_WINDOWS)
        peaks = observe(lifted, net_borders.borders, shapes, first, threads)
        lifted, equalised = equalise(lifted, net, net_borders.borders, peaks)
    windows = with_progress(_feeds(calibration, graph), calibration.windows, progress)
    observed = observe(lifted, net_borders.borders, shapes, windows, threads)
    notes += constant_channels(observed)
    simulator = open_simulator(net, contract, net_borders.borders, observed, equalised, lifted, preparation, ends)
    simulator.seconds, simulator.notes = time.perf_counter() - started, notes
    return simulator


def open_simulator(
    net: HailoNet,
    contract: GraphContract,
    borders: tuple[Border, ...],
    observed: Observed,
    equalised: tuple[str, ...],
    lifted: LiftedModel,
    preparation: Preparation,
    ends: HostEnds | None,
) -> Simulator:
    """Open the session of what was calibrated, in this process or another: all but ``ends`` can be pickled."""
    return Simulator(
        net=net,
        contract=contract,
        borders=borders,
        observed=observed,
        equalised=equalised,
        lifted=lifted,
        preparation=preparation,
        bank=WeightBank(lifted, observed.means if preparation.correct_bias else None),
        uncorrected=WeightBank(lifted),
        switchable=SwitchableNet(lifted, borders, contract, preparation.threads, ends),
        ends=ends,
    )


def _require_one_column(model_path: Path, contract: GraphContract) -> None:
    """Refuse a graph of several windows side by side: they never mix, so simulating one is enough."""
    _, _, height, width = contract.input_shape
    if height * width != contract.rows:
        raise GraphError(
            f"{model_path}: found {height * width // contract.rows} windows side by side, expected 1; simulate "
            "the same model exported with one stream: the layers and their ranges are the same"
        )


def constant_channels(observed: Observed) -> list[str]:
    """Return a note on the channels that never change: wasted range, or a sign of dead weights."""
    dead = {
        layer: int((observed.lows[layer] == observed.highs[layer]).sum())
        for layer in observed.lows
        if observed.lows[layer].size > 1
    }
    dead = {layer: count for layer, count in dead.items() if count}
    if not dead:
        return []
    counts = [f"{layer} ({count} of {observed.lows[layer].size})" for layer, count in dead.items()]
    return [
        f"{sum(dead.values())} channels never change in calibration, in {len(dead)} layers: {first_few(counts, 5)}"
    ]


def _shapes(lifted: LiftedModel, model_path: Path) -> Mapping[str, tuple[int, ...]]:
    """Return the shapes of the lifted graph's tensors, the new ones included."""
    return graph_of_model(lifted.model, model_path).shapes


def _feeds(calibration: CalibrationSet, graph: OpenedGraph) -> Iterator[Mapping[str, Samples]]:
    """Yield the windows of a matching set as the graph's inputs, NCHW by name."""
    names = {layer: name for name, layer in graph.input_layers.items()}
    if len(names) == 1:  # a single array may have any name
        names = dict.fromkeys(calibration.layers, *names.values())
    for window in calibration.inputs():
        yield {names[layer]: to_nchw(nhwc) for layer, nhwc in window.items()}


def with_progress(
    feeds: Iterable[Mapping[str, Samples]], windows: int, progress: Progress
) -> Iterator[Mapping[str, Samples]]:
    """Yield the feeds; report progress after each."""
    for number, feed in enumerate(feeds, start=1):
        yield feed
        progress(number, windows)


def channel_spread_db(observed: Observed, layer: str) -> float:
    """Return how far the loudest channel lies above the median one, in dB; 0 for one channel."""
    peaks = np.maximum(-observed.lows[layer], observed.highs[layer])
    peaks = peaks[peaks > 0]
    return float(20 * np.log10(peaks.max() / np.median(peaks))) if peaks.size else 0.0
