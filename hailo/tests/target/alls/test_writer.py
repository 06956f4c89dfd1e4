from __future__ import annotations

from dataclasses import replace

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.target.alls.layers import check_layers, resolve_layers
from tasnet2hef.target.alls.merge import merge_script
from tasnet2hef.target.alls.parser import parse_script
from tasnet2hef.target.alls.writer import LayerPrecision, ScriptSettings, script_lines, write_script
from tasnet2hef.target.graph.layers import HailoNet, Layer


def layer(name: str, kind: str, *origin: str) -> Layer:
    return Layer(name, kind, (), (), ((-1, 4, 1, 2),), ((-1, 4, 1, 2),), (-1, 4, 1, 2), original_names=origin)


NET = HailoNet(
    "tasnet",
    (
        layer("input_layer1", "input_layer", "frames"),
        layer("conv1", "conv", "encoder"),
        layer("conv2", "conv", "bottleneck"),
        layer("dw1", "dw", "tcn_00/depthwise", "tcn_00/depthwise_activation"),
        layer("ew_add1", "ew_add", "tcn_00/residual_sum"),
        layer("output_layer1", "output_layer", "source_1"),
    ),
)
SETTINGS = ScriptSettings(
    "m.onnx", 64, percentile=99.99, precisions=[LayerPrecision(("conv1", "dw1"), "a16_w16", "costs 0.3 dB")]
)


def test_each_line_says_why():
    lines = write_script(SETTINGS).text.splitlines()
    commands = [number for number, line in enumerate(lines) if line and not line.startswith("#")]
    assert len(commands) == 6
    assert all(lines[number - 1].startswith("# ") for number in commands)
    assert "quantization_param([conv1, dw1], precision_mode=a16_w16)" in lines
    assert "model_optimization_config(calibration, batch_size=8, calibset_size=64)" in lines


def test_the_level_follows_the_calibration_set():
    def level(settings):
        return parse_script(script_lines(settings)[0].command)[0].keyword("optimization_level").text

    assert level(SETTINGS) == "1"
    assert level(replace(SETTINGS, calibration_windows=1024)) == "2"
    assert level(replace(SETTINGS, optimization_level=4)) == "4"


def test_what_is_written_can_be_read_and_fits_the_net():
    assert check_layers(parse_script(write_script(SETTINGS).text), NET, "made") == []


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("quantization_param(conv11, precision_mode=a16_w16)", "1:20: no layer 'conv11' among the 6 of tasnet"),
        ("\nquantization_param([conv1, cnv2], precision_mode=a16_w16)", "2:28: no layer 'cnv2'"),
        ("change_output_activation(dv1, sigmoid)", "did you mean dw1?"),
        ("quantization_param({deconv*}, precision_mode=a16_w16)", "'deconv*' matches none of the 6 layers"),
        ("model_optimization_config(negative_exponent, layers={conv9}, rank=0)", "no layer 'conv9'"),
    ],
)
def test_layers_that_do_not_exist(script, words):
    with pytest.raises(OptionError) as refusal:
        check_layers(parse_script(script), NET, "my.alls")
    assert words in str(refusal.value)


def test_layers_that_do_exist():
    script = (
        "a, b = defuse(conv1, 2)\nquantization_param([tasnet/conv2, a], precision_mode=a8_w4)\nnew_one(conv99)\n"
    )
    notes = check_layers(parse_script(script), NET, "my.alls")
    assert notes == ["my.alls:3: command new_one is unknown here; passed on unchanged"]


USER = """# my own script
model_optimization_flavor(optimization_level=3)   # I insist
quantization_param({conv*}, precision_mode=a8_w4)
brand_new_command(something, 3)
"""


def test_the_users_lines_stay_and_win():
    merged = merge_script(USER, "my.alls", SETTINGS, NET)
    assert USER in merged.text
    statements = parse_script(merged.text)
    assert [statement.command for statement in statements].count("model_optimization_flavor") == 1
    wide = [statement for statement in statements if "a16_w16" in merged.text[statement.start : statement.end]]
    assert [word.text for word in wide[0].positional[0].words()] == ["dw1"]
    assert len(statements) == 3 + 5
    notes = " ".join(merged.notes)
    assert "brand_new_command is unknown" in notes
    assert "my.alls:2: kept" in notes
    assert "conv1: precision left to the user's script; a16_w16 was recommended" in notes


def test_the_users_lines_that_are_not_simulated_are_named():
    script = "quantization_param({conv*}, precision_mode=a16_w16)\n"
    merged = merge_script(script, "my.alls", SETTINGS, NET)
    assert script in merged.text
    assert any("my.alls: line 1 is kept for the compiler and not simulated" in note for note in merged.notes)
    assert not any(
        "not simulated" in note for note in merge_script("hef_param()\n", "my.alls", SETTINGS, NET).notes
    )


def test_an_empty_script_of_the_users_changes_nothing():
    merged = merge_script("", "my.alls", SETTINGS, NET)
    assert len(parse_script(merged.text)) == len(script_lines(SETTINGS))
    assert merged.notes == ()


def hn(**layers):
    return {
        "layers": {
            f"net/{name}": {"type": kind, "original_names": names} for name, (kind, names) in layers.items()
        }
    }


def test_names_are_resolved_by_the_nodes_they_came_from():
    parsed = hn(
        conv1=("conv", ["bottleneck"]),
        conv2=("conv", ["encoder"]),
        dw1=("dw", ["tcn_00/depthwise_activation", "tcn_00/depthwise"]),
    )
    script = "# conv1 stays in comments\nquantization_param([conv1, dw1], precision_mode=a16_w16)\nother(conv1)\n"
    text, notes = resolve_layers(script, NET, parsed)
    assert text == script.replace("[conv1, dw1]", "[conv2, dw1]")
    assert notes == ["layer conv1 is conv2 in the compiler's graph (encoder)"]


def test_layers_made_of_no_node_keep_their_names():
    net = HailoNet("tasnet", (*NET.layers, layer("shortcut1", "shortcut")))
    parsed = hn(shortcut1=("shortcut", []), shortcut2=("shortcut", []))
    script = "quantization_param(shortcut1, precision_mode=a16_w16)"
    assert resolve_layers(script, net, parsed) == (script, [])


def test_a_layer_that_the_compiler_did_not_make_is_reported():
    with pytest.raises(OptionError, match=r"1:20: layer ew_add1 \(tcn_00/residual_sum\) is not in the compiler's"):
        resolve_layers("quantization_param(ew_add1, precision_mode=a16_w16)", NET, hn(conv1=("conv", ["encoder"])))
