"""Each text is explained by its kind, as it stands and as another run would print it; no cause is ruled out."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import onnx
import pytest

from tasnet2hef.target.alls.parser import parse_script
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.failures.classify import UNKNOWN, explain, explain_log
from tasnet2hef.target.failures.facts import NOTHING_KNOWN, Facts, facts_of_graph
from tasnet2hef.target.failures.tables import compiler_signatures, runtime_signatures
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules import GraphSketch
from tests.target.failures.explanations import (
    CHANGES,
    NOISE,
    SITUATION,
    all_texts,
    alone,
    as_log,
    facts_for,
    recorded_texts,
    score,
)
from tests.target.failures.told_texts import TEXTS, Told

NOT_IN_TEXTS = {
    *("interrupted", "out-of-time", "no-compiler", "no-hef", "disk-full", "broken-environment"),
    *("device-busy", "firmware-version", "no-device", "no-permission", "stream-aborted", "timed-out"),
    *(
        "binding-version",
        "contiguous-memory",
        "driver-call",
        "driver-interface",
        "firmware-silent",
        "hef-not-there",
    ),
    *("invalid-operation", "not-supported", "wheel-of-other-python"),
}
"""How a stage's process ended, and the machine's own words: `tests/compiler` and `tests/runtime` have them."""


def _name(told: Told) -> str:
    return f"{told.right[0]}-{told.graph or told.stage}-{told.text.splitlines()[-1][:30]}"


@pytest.mark.parametrize("told", TEXTS, ids=_name)
def test_a_text_is_explained_by_its_kind(told: Told) -> None:
    assert alone(told) == "right"
    assert as_log(told) == "right"


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("told", TEXTS, ids=_name)
def test_the_kind_holds_for_another_run(told: Told, change: str) -> None:
    assert as_log(dataclasses.replace(told, text=CHANGES[change](told.text))) == "right"


def test_the_stage_may_be_unknown() -> None:
    wrong = [
        (told.text, result)
        for told in TEXTS
        if not told.script and (result := as_log(dataclasses.replace(told, stage=""))) != "right"
    ]
    assert wrong == []


def test_every_kind_has_a_text() -> None:
    covered = {each for told in all_texts() for each in told.right} | NOT_IN_TEXTS
    known = {each.id for each in (*compiler_signatures(), *runtime_signatures())}
    assert known - covered == set()


def test_the_score_is_whole() -> None:
    found = score()
    assert found["wrong"] == []
    assert found[UNKNOWN] == []
    assert len(found["right"]) == len(TEXTS) + len(recorded_texts())


def test_the_benchmarks_count_these_texts() -> None:
    page = (Path(__file__).parents[4] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert f"{len(recorded_texts())} recorded ones: all explained by their kind. {len(TEXTS)} more" in page


def test_an_unknown_failure_keeps_its_text_and_suggests_nothing_that_can_not_be_justified() -> None:
    told = Told("NewError: the vendor's new words 4711", (UNKNOWN,), "compile", "tall")
    explained = explain("compile", told.text, "", "exited", SITUATION, facts_for(told))
    assert (explained.signature, explained.known, explained.fallback) == (UNKNOWN, False, "")
    assert told.text in explained.cause
    assert "--seconds" not in " ".join(explained.commands)
    assert explained.commands[-1].startswith("tasnet2hef explain log.txt")
    assert explained.commands[-1].endswith("-o failure_report.md")


@pytest.mark.parametrize(
    "text",
    [
        "[info] Single context flow failed: Recoverable single context error\n[info] Successful Mapping\n"
        "[info] Building HEF...\n[info] Successful Compilation (compilation time: 5s)",
        "[error] Mapping Failed (allocation time: 1m)\nAgent infeasible\n[info] Successful Partition and "
        "Allocation",
        "[info] Starting Model Optimization\n[warning] No GPU chosen and no suitable GPU found\n"
        "[info] Model Optimization is done",
        "[info] Translation started\n[info] 0 errors, 3 warnings",
    ],
)
def test_a_log_that_ends_well_holds_no_failure(text: str) -> None:
    explained = explain_log(text, "", SITUATION)
    assert (explained.signature, explained.known) == ("no-failure", True)


CHAINED = """Traceback (most recent call last):
  File "/venv/hailo_sdk_client/tools/runner.py", line 12, in run
    self._do()
  File "/venv/hailo_sdk_client/tools/steps.py", line 34, in _do
    raise FirstError("the vendor's own reason")
hailo_sdk_client.x.FirstError: the vendor's own reason

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/home/me/mine.py", line 5, in <module>
    raise RuntimeError("my wrapper")
RuntimeError: my wrapper
cleaning up
"""


def test_of_chained_exceptions_the_innermost_counts() -> None:
    explained = explain_log(CHAINED, "optimize", SITUATION)
    assert (explained.signature, explained.words) == (UNKNOWN, "FirstError: the vendor's own reason")
    assert "ends in _do (steps.py)" in explained.cause
    known = explain_log(CHAINED.replace("FirstError", "MisspellNodeError"), "translate", SITUATION)
    assert known.signature == "misspelt-node"


def test_the_noise_of_a_run_is_no_failure() -> None:
    assert explain_log(NOISE, "", SITUATION).signature == "no-failure"


def test_a_finding_at_the_named_place_is_quoted() -> None:
    told = Told("Agent infeasible", (), "compile", "wide")
    explained = explain("compile", told.text, "", "exited", SITUATION, facts_for(told))
    assert "`check` finds it in this graph" in explained.cause
    assert "512,000" in explained.cause


def test_the_scripts_line_is_named() -> None:
    script = parse_script("# own\nquantization_param({square*}, precision_mode=a16_w16)\n")
    text = "AccelerasImplementationError: not supported. Layer: n/square1, Config: {'precision_mode': 'a16_w16'}"
    explained = explain("optimize", text, "", "exited", SITUATION, Facts(script=script))
    assert "line 2 (quantization_param)" in explained.cause


@pytest.mark.parametrize(
    ("windows", "words", "not_words"),
    [
        ({"input_layer1": (19, 75, 64)}, "so it is not the cause", "make the set again"),
        ({"input_layer1": (75, 64)}, "other shapes than the graph's inputs", "group norm"),
    ],
)
def test_a_calibration_set_that_fits_is_not_the_cause(
    windows: dict[str, tuple[int, ...]], words: str, not_words: str
) -> None:
    facts = Facts(calibration=windows, inputs={"input_layer1": (19, 75, 64)})
    text = (
        "Inference input shapes [[-1, 1, 19, 64]] for layer net/conv3 does not match HN shapes [[-1, 19, 75, 64]]"
    )
    explained = explain("optimize", text, "", "exited", SITUATION, facts)
    assert words in explained.cause
    assert not_words not in explained.cause + explained.fix


@pytest.mark.parametrize(
    ("compiler", "hardware", "said"),
    [
        ("3.33.1", "hailo8l", ""),
        ("5.3.0", "hailo8l", "known from DFC 3.33.0, this run is of 5.3.0"),
        ("3.33.0", "hailo10h", "known from hailo8l, this run is for hailo10h"),
        ("", "", ""),
    ],
)
def test_evidence_of_another_release_or_chip_is_told(compiler: str, hardware: str, said: str) -> None:
    facts = Facts(compiler=compiler, hardware=hardware)
    explained = explain("compile", "microcode exceeded size for conv4", "", "exited", SITUATION, facts)
    assert ("known from" in explained.cause) is bool(said)
    assert said in explained.cause


def test_a_foreign_graph_is_not_exported_again() -> None:
    foreign = dataclasses.replace(NOTHING_KNOWN, own=False)
    explained = explain("compile", "Agent infeasible", "", "exited", SITUATION, foreign)
    assert not any(" convert " in command for command in explained.commands)


SHARED = Path(__file__).parents[5] / "shared/evidence/tried"
TRIED = {
    "t_concat_batch.log": "batch-join",
    "t_desc_page_size.log": "desc-page-size",
    "t_driver_mismatch.txt": "driver-version",
    "t_dynamic_kernel.log": "computed-kernel",
    "t_end_nodes.log": "misspelt-node",
    "t_h10_streams.log": "not-implemented",
    "t_inference_input_shapes.log": "inference-shapes",
    "t_layer_not_in_hn.log": "layer-not-in-net",
    "t_microcode.log": "microcode",
    "t_native_assertion.log": "native-assertion",
    "t_not_activated.log": "not-activated",
    "t_numpy2_frame_count.log": "numpy-too-new",
    "t_periph_bytes.log": "hef-version",
    "t_precision_mode.log": "precision-mode",
    "t_service.log": "service",
    "t_shift_40_ew_mult.log": "slope-range",
    "t_shift_delta.log": "shift-delta",
    "t_square_16bit.log": "precision-form",
}


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the tried inputs are not at {SHARED}")
@pytest.mark.parametrize("name", TRIED)
def test_the_tried_logs_are_explained(name: str) -> None:
    text = (SHARED / name).read_text(encoding="utf-8")
    parts = [part for part in text.split("--- second case ---") if part.strip()]
    found = [explain_log(part, "", SITUATION).signature for part in parts]
    expected = {"t_dynamic_kernel.log": [TRIED[name], "input-reshape"]}.get(name, [TRIED[name]] * len(parts))
    assert found == expected


OTHER_WORDS = [
    ("Mapping Failed (allocation time: 31m 42s)\nTimeout", "compile", "mapping-timeout"),
    ("Timeout while running latency simulation", "compile", "latency-simulation"),
    ("Simulation timeout reached for net/latency", "compile", "latency-simulation"),
    ("AllocatorScriptParserException: Given layer conv42 not exist in the HN", "compile", "layer-not-in-net"),
    ("NMSConfigPostprocessException: The layer named conv63 doesn't exist in the HN", "", "layer-not-in-net"),
    ("BackendScriptParserException: Unrecognized precision mode a4_w4", "optimize", "precision-mode"),
    ("ValueError: End node 'output0' not found in model graph", "translate", "misspelt-node"),
    ("ZeroDivisionError: float division by zero", "optimize", UNKNOWN),
    ("The weights are computed and dynamic weights work. All fine.", "", UNKNOWN),
]


@pytest.mark.parametrize(("text", "stage", "signature"), OTHER_WORDS)
def test_a_kind_is_known_by_other_words_too(text: str, stage: str, signature: str) -> None:
    assert explain(stage, text, "", "exited", SITUATION).signature == signature


@pytest.mark.parametrize(
    "text", ["Compilation failed: Validator failed on node: conv4", "Failed to partition the net"]
)
def test_a_reason_that_is_given_is_not_called_none(text: str) -> None:
    explained = explain("compile", f"BackendAllocatorException: {text}", "", "exited", SITUATION)
    assert "512,000" not in explained.cause
    assert "the reason that its words give" in explained.cause


def _pooled() -> onnx.ModelProto:
    """Draw a mean of 256 positions behind a ReLU."""
    graph = GraphSketch()
    relu = graph.node("Relu", graph.conv(graph.input(1, 8, 16, 16), 8, 8, (1, 1)))
    return graph.model(graph.node("GlobalAveragePool", relu))


def test_a_mean_of_few_positions_is_no_long_mean(tmp_path: Path) -> None:
    onnx.save(_pooled(), str(tmp_path / "n.onnx"))
    graph = OpenedGraph.read(tmp_path / "n.onnx")
    facts = facts_of_graph(graph, check_graph(graph, "hailo8").findings)
    text = "NegativeSlopeExponentNonFixable: Quantization failed in layer n/{} due to unsupported required slope. "
    text += "Desired shift is 11.0, but op has only 8 data bits"
    name = next(layer.name for layer in facts.net or () if "avgpool" in layer.type)
    assert explain("optimize", text.format(name), "", "exited", SITUATION, facts).signature == "slope-range"
