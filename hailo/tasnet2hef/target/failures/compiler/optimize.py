"""Failures of the optimize stage: what can't be computed in the number formats of the chip."""

from __future__ import annotations

from typing import Final

from tasnet2hef.target.failures.conditions import (
    calibration_does_not_fit,
    calibration_fits,
    found,
    is_long_mean,
    is_no_long_mean,
    of_type,
)
from tasnet2hef.target.failures.next_commands import AGAIN, CALIBRATE, CHECK, LAYERS, PATCH, SIMULATE
from tasnet2hef.target.failures.signature import Alternative, Signature
from tasnet2hef.target.known.evidence import Evidence

_SHIFT: Final = (r"NegativeSlopeExponentNonFixable", r"Desired shift is [\d.]{1,20}, but op has only")

SIGNATURES: Final = (
    Signature(
        id="inference-shapes",
        patterns=(r"Inference (?:input|output) shapes", r"(?:does not|doesn't) match HN shapes?"),
        cause="the data that reaches a layer has another shape than the parser gave it: a calibration array with "
        "too few axes or with its axes in another order, or a norm between two reshapes (group norm, instance "
        "norm) that the optimiser takes apart",
        fix="compare the two shapes in the message: where the first is a calibration array's, make the set again "
        "for this graph (NHWC, four axes); else write the norm without reshapes, or freeze it",
        evidence=Evidence(
            "public logs (LPRNet with GroupNorm; a text encoder's inputs)", "recorded", version="3.33"
        ),
        commands=(CHECK, CALIBRATE),
        alternatives=(
            Alternative(
                calibration_fits,
                cause="the data that reaches a layer has another shape than the parser gave it. The calibration "
                "set has the shapes of this graph's inputs, so it is not the cause: a norm between two reshapes "
                "(group norm, instance norm) that the optimiser takes apart does it",
                fix="write the norm without reshapes, or freeze it",
                commands=(CHECK,),
            ),
            Alternative(
                calibration_does_not_fit,
                cause="the calibration set has other shapes than the graph's inputs",
                fix="make the calibration set with this graph: NHWC, four axes, windows first",
                commands=(CALIBRATE,),
            ),
            Alternative(
                of_type("input_layer"),
                cause="the calibration array of this input has another shape than the input layer",
                fix="make the calibration set with this graph: NHWC, four axes, windows first",
                commands=(CALIBRATE,),
            ),
        ),
    ),
    Signature(
        id="mean-too-long",
        patterns=_SHIFT,
        cause="a layer's slope needs a larger shift than the unit has bits: a mean over too many positions, or"
        " calibration data that is not at the model's level",
        rule="mean-too-long",
        commands=(CHECK, CALIBRATE),
        holds=is_long_mean,
    ),
    Signature(
        id="optimizer-value",
        patterns=(r"Acceleras\w{1,40}(?:Error|Exception)",),
        cause="the optimiser refuses a layer, or what a layer is set to",
        fix="look at the layer and the values that the message names; remove the model script's lines about it",
        evidence=Evidence("public log of an operator sweep", "recorded", version="5.3.0"),
        commands=(CHECK,),
        tells="class",
        alternatives=(
            Alternative(
                found("min-of-maps"),
                cause="the minimum of two maps: it is parsed, and refused when it is quantised",
                fix="write min(a, b) as a - relu(a - b)",
                commands=(CHECK,),
                rule="min-of-maps",
            ),
        ),
    ),
    Signature(
        id="precision-form",
        patterns=(
            r"not supported\. Layer: [^\n,]{1,200}, Config:",
            r"Layer: [^\n,]{1,200}, Config: \{[^\n}]{0,200}precision_mode",
            r"[Uu]nsupported layers for the (?:target|provided optimization target)",
        ),
        cause="the layer's unit does not have the precision that the model script, or an automatic 16-bit ratio, "
        "sets for it; recorded: the square layer has no 16-bit form",
        fix="leave this layer at a8_w8 and set the layers around it; a power of two by a product, x * x, is "
        "another layer",
        evidence=Evidence("public log of an operator sweep; community topic 9698", "recorded", version="5.3.0"),
        commands=(SIMULATE, AGAIN),
    ),
    Signature(
        id="precision-mode",
        patterns=(
            r"Unsupported value \[?\W{0,2}PrecisionMode\.",
            r"[Uu]nsupported value [^\n]{1,100} for fields? \[?['\"]precision_mode",
            r"precision_mode[^\n]{0,40}\s[^\n]{0,80}not a valid enumeration member",
            r"is not a valid PrecisionMode|PrecisionMode['\"]? has no attribute",
            r"PrecisionMode\.\w{1,20}[^\n]{0,60} (?:not supported|unsupported)",
            r"[Pp]recision[ _]mode \S{1,40} (?:is not|isn't|not) (?:supported|available)",
            r"(?:[Ii]nvalid|[Uu]nknown|[Uu]nsupported|[Uu]nrecogni[sz]ed) precision[_ ]mode",
        ),
        cause="this release of the compiler does not have the precision mode of the model script",
        fix="take a16_w16 or a8_w8 in its place (a16_w8 and a16_w4 are announced for 5.3.0 and refused by it)",
        evidence=Evidence("public log", "recorded", version="5.3.0", hardware=("hailo10h",)),
        commands=(SIMULATE, AGAIN),
    ),
    Signature(
        id="prelu-slope",
        patterns=(r"Unsupported dimensions[^\n]{0,300}\[-1,\s?\d{1,9},\s?\d{1,9},\s?\d{6,12}\]",),
        cause="a PReLU slope of one axis was read as channels x channels",
        rule="prelu-slope-rank",
        commands=(PATCH, CHECK),
    ),
    Signature(
        id="shift-delta",
        patterns=(r"(?:does not|doesn't) support shift[ _]delta",),
        cause="the product of the ranges of this layer's inputs is too small for its output: the shift that it "
        "needs does not exist for a product of two maps",
        fix="force larger ranges on its inputs, as the message says, one line an input: "
        "quantization_param([LAYER], force_range_in=[low, high], force_range_index=0) and the same with 1; or "
        "scale the operands",
        evidence=Evidence(
            "public log (EfficientViT pose net)", "recorded", version="3.30.0", hardware=("hailo8",)
        ),
        commands=(SIMULATE, AGAIN),
    ),
    Signature(
        id="signed-matmul",
        patterns=(
            r"[Mm]at[Mm]ul without transpose[^\n]{0,80}negative range",
            r"[Mm]at[Mm]ul[^\n]{0,120}negative (?:range|values?|inputs?)",
            r"[Mm]at[Mm]ul[^\n]{0,120}\b(?:un)?signed\b",
            r"\b(?:un)?signed\b[^\n]{0,60}[Mm]at[Mm]ul",
        ),
        cause="a MatMul of two computed maps whose first one can be negative: the chip's unit takes only values "
        "from 0 on there, unless it is transposed",
        fix="make the first operand non-negative (softmax, ReLU), swap the operands by a transpose, or add a "
        "constant and subtract its product; for an input, feed raw values and normalise by the script",
        evidence=Evidence("community topic 19373, answered by the vendor", "recorded"),
        commands=(CHECK, LAYERS),
    ),
    Signature(
        id="sixteen-bit",
        patterns=(
            r"16x4 is not supported",
            r"16[ -]?bit L2 biases",
            r"a16-conv nan",
            r"Config: \{[^\n}]{0,200}16x4",
        ),
        cause="a 16-bit precision, or 16-bit biases, that this layer's unit does not have",
        fix="remove the layer's 16-bit line from the model script, or give it an optimisation level above 0 "
        "and enabled bias_correction",
        evidence=Evidence(
            source="public log (YOLO heads at optimisation level 0, 3.33.1); community topic 19530",
            grade="recorded",
        ),
        commands=(SIMULATE, AGAIN),
    ),
    Signature(
        id="slope-range",
        patterns=_SHIFT,
        cause="a layer's slope needs a larger shift than the unit has bits: the ranges of its inputs, weights and "
        "output are too far apart. This layer is not an average over many positions; products, quotients, squares "
        "and norms of a wide range do it, and calibration data that is random or not at the model's level",
        fix="calibrate with data at the model's level; narrow the range (quantization_param(LAYER, "
        "force_range_out=[low, high]), a scaled operand, a norm before the product), or set the layer to a16_w16",
        evidence=Evidence(
            "public logs (an ew_mult of EfficientViT, shift 40; a norm of SigLIP, shift 16)", "recorded"
        ),
        commands=(CALIBRATE, SIMULATE),
        holds=is_no_long_mean,
    ),
)
