from __future__ import annotations

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.target.alls.parser import parse_script

PUBLIC_FORMS = """
# forms that stand in the vendor's public model scripts
normalization1 = normalization([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])
model_optimization_flavor(optimization_level=4, compression_level=1, batch_size=2)
model_optimization_config(calibration, batch_size=2, calibset_size=64)
model_optimization_config(negative_exponent, layers={*}, rank=0)
pre_quantization_optimization(activation_clipping, layers={*}, mode=percentile, clipping_values=[0.01, 99.99])
post_quantization_optimization(finetune, policy=enabled, learning_rate=1e-05, epochs=8, dataset_size=4000)
quantization_param({conv*}, precision_mode=a16_w16)
quantization_param([net/conv1, net/ew_add2], precision_mode=a16_w16)
quantization_param(output_layer1, force_range_out=[-1.5, .5])
change_output_activation(conv58, sigmoid)
conv5_d0, conv5_d1, conv5_dc = defuse(conv5, 2, defuse_type=SPATIAL)
{} = defuse_block(conv1, conv2, defuse_count=4)
context_0 = context([conv1, conv2])
context_0.place(0, [conv1])
buffers(conv1, conv2, 12, FULL_ROW)
nms_postprocess("../../postprocess.json", meta_arch=yolov5, engine=cpu)
performance_param(compiler_optimization_level=max)
platform_param(hef_version=5)
"""


def test_public_forms_are_read():
    statements = parse_script(PUBLIC_FORMS)
    assert len(statements) == 18
    by_command = {statement.command: statement for statement in statements}
    assert by_command["normalization"].targets == ("normalization1",)
    assert by_command["normalization"].positional[0].items[0].text == "123.675"
    assert by_command["defuse"].targets == ("conv5_d0", "conv5_d1", "conv5_dc")
    assert by_command["defuse_block"].targets == ()
    assert by_command["context_0.place"].positional[0].text == "0"
    assert by_command["quantization_param"].keyword("force_range_out").bracket == "["
    assert by_command["performance_param"].keyword("compiler_optimization_level").text == "max"


def test_places_lead_back_to_the_text():
    for statement in parse_script(PUBLIC_FORMS):
        assert PUBLIC_FORMS[: statement.start].count("\n") + 1 == statement.line
        assert PUBLIC_FORMS[statement.start : statement.end].endswith(")")


def test_brackets_may_span_lines():
    script = "quantization_param([conv1,  # first\n   conv2],\n  precision_mode=a16_w16)\n\nresources_param(a=1)"
    first, second = parse_script(script)
    assert [word.text for word in first.positional[0].words()] == ["conv1", "conv2"]
    assert second.line == 5


@pytest.mark.parametrize("script", ["", "\n\n", "# only a comment", "a(b);c(d)"])
def test_little_is_fine(script):
    assert len(parse_script(script)) == script.count("(")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("quantization_param(conv1", "1:25: found the end of the script, expected ',' or ')' (opened at line 1"),
        ("a(b)\nquantization_param conv1)", "2:20: found 'conv1', expected '(' after quantization_param"),
        ("a([b, c)", "1:8: found ')', expected ',' or ']' (opened at line 1, column 3)"),
        ("a(b, =3)", "1:6: found '=', expected a value"),
        ("a(b) c(d)", "1:6: found 'c', expected the end of the line after ')'"),
        ("(b)", "1:1: found '(', expected the name of a command"),
        ("a(b=)", "1:5: found ')', expected a value"),
        ("a(b)\n  c(%)", "2:5: found '%', expected a command such as"),
        ('a("b)', "1:3: found a text without its closing quote"),
        ("x =\na(b)", "1:4: found the end of the line, expected the name of a command"),
        ("conv1\n", "1:6: found the end of the line, expected '(' after conv1"),
    ],
)
def test_syntax_errors_have_line_and_column(script, words):
    with pytest.raises(OptionError) as refusal:
        parse_script(script, "my.alls")
    assert f"my.alls:{words}" in str(refusal.value)


def test_depth_is_bounded():
    assert parse_script(f"a({'[' * 64}1{']' * 64})")[0].command == "a"
    with pytest.raises(OptionError, match="at most 64 brackets inside each other"):
        parse_script(f"a({'[' * 30_000}")
