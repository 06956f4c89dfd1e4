"""The chips' numbers are consistent, and budgets are those that the compiler's logs print."""

from __future__ import annotations

import dataclasses

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.target.known import Chip, Figure, chip_names, limits, load_chip
from tasnet2hef.target.known.evidence import GRADES
from tasnet2hef.target.resources import audio_seconds

CHIPS = [load_chip(name) for name in chip_names()]


def figures(chip: Chip) -> list[Figure]:
    values = [getattr(chip, field.name) for field in dataclasses.fields(chip)]
    return [value for value in values if isinstance(value, Figure)]


def test_the_four_chips_are_known() -> None:
    assert chip_names() == ("hailo10h", "hailo15h", "hailo8", "hailo8l")
    assert [chip.name for chip in CHIPS] == list(chip_names())


@pytest.mark.parametrize("chip", CHIPS, ids=chip_names())
def test_every_number_has_a_source(chip: Chip) -> None:
    for figure in figures(chip):
        assert figure.evidence.source
        assert figure.unit
        assert figure.evidence.grade in GRADES
    assert int(chip.memory_units) == int(chip.clusters) * int(chip.memory_units_per_cluster)
    assert int(chip.layer_controllers) == int(chip.clusters) * 16


def test_every_limit_of_the_compiler_has_a_source() -> None:
    limit_figures = [value for value in vars(limits).values() if isinstance(value, Figure)]
    assert len(limit_figures) >= 8
    assert all(limit.evidence.source and limit.unit for limit in limit_figures)


def test_the_totals_that_a_log_printed() -> None:
    hailo8 = load_chip("hailo8")
    resources = (
        hailo8.layer_controllers,
        hailo8.apus,
        hailo8.input_aligners,
        hailo8.subclusters,
        hailo8.memory_units,
    )
    cap = hailo8.single_context_cap.value
    assert [figure and figure.value * cap for figure in resources] == [96, 120, 192, 384, 768]


def test_recorded_layers_of_a_context() -> None:
    assert load_chip("hailo8").single_context_layers == 96
    assert load_chip("hailo8").layers_per_context == 77
    assert load_chip("hailo8l").single_context_layers == 48


@pytest.mark.parametrize(
    ("chip", "layers", "weights", "contexts"),
    [("hailo8", 93, 3_000_000, 1), ("hailo8", 415, 3_000_000, 6), ("hailo8l", 93, 3_000_000, 3)],
)
def test_likely_contexts(chip: str, layers: int, weights: int, contexts: int) -> None:
    assert load_chip(chip).likely_contexts(layers, weights) == contexts


@pytest.mark.parametrize(
    ("chip", "layers", "weights", "cap"),
    [
        ("hailo8", 96, 21_200_000, 0.75),  # recorded: YOLOv5m, default caps
        ("hailo8", 56, 25_530_000, 0.85),  # recorded: ResNet-50, caps of 85 %
        ("hailo8", 108, 7_000_000, 0.85),
        ("hailo8", 122, 7_000_000, 0.95),  # recorded: EfficientNet-M
        ("hailo8", 123, 7_000_000, None),
        ("hailo8", 56, 30_000_000, None),
        ("hailo8l", 61, 3_000_000, 0.95),
        ("hailo8l", 23, 11_680_000, 0.85),  # recorded: ResNet-18, as fast alone as in a batch
        ("hailo8l", 23, 12_790_000, 0.85),  # recorded: RepVGG-A1, the same
        ("hailo8l", 29, 15_370_000, None),  # recorded: ResNeXt-26, 2.5 times faster in a batch
        ("hailo8", 39, 21_790_000, 0.75),
        ("hailo8l", 62, 3_000_000, None),
    ],
)
def test_caps_with_which_one_context_holds_a_net(chip: str, layers: int, weights: int, cap: float | None) -> None:
    assert load_chip(chip).single_context_caps(layers, weights) == cap


def test_contexts_of_a_vision_transformer() -> None:
    hailo8 = load_chip("hailo8")
    assert hailo8.several_contexts(811, 86_000_000, 0.85) == 8  # recorded, with caps of 85 %
    assert hailo8.likely_contexts(811, 86_000_000) == 11


def test_weights_alone_take_contexts() -> None:
    hailo10h = load_chip("hailo10h")
    assert hailo10h.likely_contexts(1, 4096 * 1024) == 1  # recorded: one context
    assert hailo10h.likely_contexts(1, 4096 * 8192) > 1  # recorded: four


def test_an_unknown_chip_is_refused() -> None:
    with pytest.raises(OptionError, match="hailo9: no such chip; expected one of hailo10h"):
        load_chip("hailo9")


def test_a_run_takes_in_all_its_columns_and_a_chunk_only_itself() -> None:
    spec = TasNetSpec(n_src=2, sample_rate=8000)
    window = GraphContract(spec=spec, window_frames=999, norm="folded")
    assert audio_seconds(window) == 1.0
    assert audio_seconds(dataclasses.replace(window, streams=8)) == 8.0
    assert audio_seconds(dataclasses.replace(window, window_frames=100, stateful=True)) == 0.1
