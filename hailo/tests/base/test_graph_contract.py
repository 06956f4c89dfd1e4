"""The contract in a graph's metadata: what is written is read, and what anybody may have written is checked."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from tasnet2hef.base.errors import GraphError, OptionError
from tasnet2hef.base.graph_contract import METADATA_KEY, GraphContract
from tasnet2hef.base.spec import TasNetSpec

CONTRACT = GraphContract(spec=TasNetSpec(n_src=2), window_frames=1999, norm="folded", input_level_dbfs=-25.0)


def read(text: str) -> GraphContract:
    return GraphContract.from_metadata({METADATA_KEY: text}, "net.onnx")


def changed(**fields: Any) -> str:
    """Return the record with other fields; those of the spec begin with ``spec_``."""
    record = json.loads(CONTRACT.to_json())
    for name, value in fields.items():
        if name.startswith("spec_"):
            record["spec"][name.removeprefix("spec_")] = value
        else:
            record[name] = value
    return json.dumps(record)


def refusal(text: str) -> str:
    with pytest.raises(GraphError) as caught:
        read(text)
    message = str(caught.value)
    assert message.startswith("net.onnx: its tasnet2hef metadata is damaged (")
    assert len(message) < 300
    assert message.isprintable()
    return message


def test_what_is_written_is_read() -> None:
    assert read(CONTRACT.to_json()) == CONTRACT


def test_where_the_ends_run_is_written_only_where_that_is_the_host() -> None:
    part = dataclasses.replace(CONTRACT, segment=2, segments=3, segment_of="abc", ends="host")
    assert read(part.to_json()) == part
    assert "ends" not in json.loads(CONTRACT.to_json())


def test_fields_of_later_versions_are_left_out() -> None:
    assert read(changed(colour="red", spec_depth=[1])) == CONTRACT


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"streams": 0}, "streams: found 0, expected one of (1, 2, 4, 8)"),
        ({"streams": "2"}, "streams: found '2'"),
        ({"streams": True}, "streams: found True"),
        ({"window_frames": 0}, "window_frames: found 0, expected a whole number of at least 1"),
        ({"window_frames": "1999"}, "window_frames: found '1999'"),
        ({"window_frames": 10**18}, "window_frames: found 1000000000000000000 of 8 samples, expected at most"),
        ({"window_frames": None}, "window_frames: found None"),
        ({"window_frames": 1.5}, "window_frames: found 1.5"),
        ({"window_frames": 1, "spec_encoder_padding": 8}, "window_frames: found 1, which no clip makes"),
        ({"norm": 3}, "norm: found 3, expected one of exact, frame, folded"),
        ({"norm": ["exact"]}, "norm: found a list of 1"),
        ({"layout": "\x1b[2J"}, r"layout: found '\x1b[2J', expected one of tall, wide"),
        ({"residual": ""}, "residual: found ''"),
        ({"stateful": 1}, "stateful: found 1, expected true or false"),
        ({"input_level_dbfs": "loud"}, "input_level_dbfs: found 'loud'"),
        ({"input_level_dbfs": 1e300}, "input_level_dbfs: found 1e+300, expected a number from -200 to 200"),
        ({"decoder_bias": None}, "decoder_bias: found None"),
        ({"segment": 3, "segments": 2}, "segment: found 3 of 2"),
        ({"segment": 0}, "segment: found 0"),
        ({"segments": 10**9}, "segment: found 1 of 1000000000, expected at most 1000"),
        ({"segment_of": 7}, "segment_of: found 7"),
        ({"ends": "cloud"}, "ends: found 'cloud', expected one of chip, host"),
        ({"ends": "host"}, "segments: found 1 with ends on the host, expected 3"),
        ({"ends": "host", "segments": 3, "streams": 2}, "ends on the host: found layout tall, 2 streams"),
        ({"version": "9" * 5000}, "version: found '9999"),
        ({"spec": None}, "found None, expected an object"),
        ({"spec_n_src": {}}, "n_src: found a mapping of 0"),
        ({"spec_sample_rate": 0}, "sample_rate: found 0"),
        ({"spec_n_repeats": 10**9}, "n_repeats: found 1000000000, expected at most 128"),
        (
            {"spec_kernel_size": 2 * 10**9, "spec_stride": 1},
            "kernel_size: found 2000000000, expected at most 65,536",
        ),
        ({"spec_fb_name": 5}, "fb_name: found 5"),
        ({"spec_causal": "yes"}, "causal: found 'yes'"),
    ],
)
def test_types_and_ranges_are_checked(fields: dict[str, Any], words: str) -> None:
    assert words in refusal(changed(**fields))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "7",
        "NaN",
        "[" * 100_000,
        '{"spec": ' * 500,
        '{"window_frames": ' + "9" * 5000 + "}",
        "{}",
    ],
    ids=["empty", "null", "list", "number", "NaN", "deep list", "deep object", "digits", "no fields"],
)
def test_what_is_no_record_is_refused(text: str) -> None:
    refusal(text)


def test_not_a_number_is_refused() -> None:
    refusal(changed(decoder_bias=float("nan")))
    refusal(changed(input_level_dbfs=float("inf")))


@pytest.mark.parametrize("field", ["window_frames", "norm", "spec"])
def test_a_field_that_is_missing_is_named(field: str) -> None:
    record = json.loads(CONTRACT.to_json())
    del record[field]
    assert field in refusal(json.dumps(record)) or field == "spec"


def test_a_contract_is_checked_when_it_is_made() -> None:
    make: Callable[..., GraphContract] = GraphContract
    with pytest.raises(OptionError, match="streams: found 3"):
        make(spec=TasNetSpec(n_src=2), window_frames=100, norm="folded", streams=3)
