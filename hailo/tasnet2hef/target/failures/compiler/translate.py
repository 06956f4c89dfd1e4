"""Failures of the translate stage: what the parser can't turn into layers."""

from __future__ import annotations

from typing import Final

from tasnet2hef.target.failures.conditions import at_stage, both, found, sets_4_bits, surely
from tasnet2hef.target.failures.next_commands import AGAIN, CHECK, EXPORT_TALL, LAYERS, LOG, PATCH
from tasnet2hef.target.failures.signature import Alternative, Signature
from tasnet2hef.target.known.evidence import Evidence

SIGNATURES: Final = (
    Signature(
        id="activation",
        patterns=(r"UnsupportedActivationLayerError", r"Unexpected activation"),
        cause="an activation that the compiler does not support in this form",
        rule="erf-activation",
    ),
    Signature(
        id="axes-lost",
        patterns=(r"\b(?:IndexError|StopIteration|AssertionError)\b",),
        cause="the compiler's own code indexes an axis that a tensor of this graph does not have",
        rule="rank-two-input",
        fix="export it with four axes, [1, features, 1, 1]",
        evidence=Evidence("public log of an operator sweep (a net of two axes)", "recorded", version="5.3.0"),
        tells="symptom",
        holds=surely(found("rank-two-input")),
        alternatives=(
            Alternative(
                surely(found("attention-mask-rank")),
                cause="the compiler's own code indexes an axis that the attention's mask does not have",
                fix="give the mask four axes, [1, 1, rows, columns]",
                rule="attention-mask-rank",
            ),
        ),
    ),
    Signature(
        id="batch-join",
        patterns=(r"[Uu]nsupported concat over axis batch", r"[Cc]oncat\w* (?:over|on|along) (?:the )?batch"),
        cause="a Concat, or a Tile, joins maps along the batch; the compiler's batch is always 1",
        rule="batch-join",
    ),
    Signature(
        id="broadcast",
        patterns=(r"ZeroDivisionError", r"not broadcastable"),
        cause="the two sides of a sum or product have sizes that the compiler can't bring together",
        rule="broadcast-rank",
        holds=at_stage("translate"),
        alternatives=(
            Alternative(
                both(at_stage("optimize"), surely(sets_4_bits)),
                cause="4-bit weights: in DFC 5.3.0 the optimiser divided by zero with them for every graph tried",
                fix="remove the script's 4-bit lines (precision_mode=..._w4, auto_4bit_weights_ratio, "
                "compression_level above 0), or set them to 8 bits",
                commands=(AGAIN,),
                evidence=Evidence("public log of an operator sweep", "recorded", version="5.3.0"),
            ),
        ),
    ),
    Signature(
        id="broken-model",
        patterns=(
            r"Error parsing message",
            r"Unable to parse proto from (?:file|buffer)",
            r"[Pp]rotobuf parsing failed",
            r"INVALID_PROTOBUF",
            r"google\.protobuf\.message\.DecodeError",
            r"does not have an ir_version set properly",
            r"Wire format was corrupt",
            r"Protocol message (?:\w{1,40} )?(?:tag|end-group|was too large|contained an invalid)",
            r"Unexpected end-group tag",
        ),
        cause="the ONNX file is cut short or is not an ONNX file (a Git LFS pointer, a web page, a failed "
        "download)",
        fix="compare its size with the original's, download or export it again; `git lfs pull` for a pointer",
        evidence=Evidence("messages of protobuf and ONNX Runtime", "documented"),
    ),
    Signature(
        id="computed-kernel",
        patterns=(
            r"get_dynamic_kernel_shape",
            r"(?i:unsupported|unexpected|invalid)[^\n]{0,40} dynamic (?:kernels?|weights?)\b",
            r"[Dd]ynamic (?:kernels?|weights?) (?:is not|are not|unsupported|not supported)",
            r"(?:[Kk]ernel|[Ww]eights?) (?:is|are) (?:not constant|dynamic\b|computed\b(?! and))",
        ),
        cause="a convolution's kernel is not read as a stored 4-D weight: it is computed by other nodes (Squeeze, "
        "Unsqueeze and Reshape count too), or is that of a 1-D convolution",
        fix="let each convolution take its weight straight from an initializer of four axes; write 1-D "
        "convolutions as 2-D ones",
        evidence=Evidence("public logs (linear attention, wav2vec 2.0)", "recorded", version="5.4.0"),
        commands=(CHECK, LAYERS),
        alternatives=(
            Alternative(
                found("one-dimensional-convolution"),
                cause="a 1-D convolution: its kernel of three axes is indexed like one of four",
                fix="2-D convolutions on 4-D tensors, as `tasnet2hef convert` makes them",
                rule="one-dimensional-convolution",
            ),
        ),
    ),
    Signature(
        id="constant-of-shape",
        patterns=(r"in parse_raw_data",),
        cause="a constant that a node computes is read like a stored one",
        rule="constant-of-shape",
        commands=(PATCH, CHECK),
    ),
    Signature(
        id="dynamic-reshape",
        patterns=(r"is_windows_to_input_chain_end",),
        cause="a reshape whose target sizes are computed in the graph",
        rule="dynamic-reshape",
        commands=(PATCH, CHECK),
    ),
    Signature(
        id="gather-index",
        patterns=(r"UnsupportedGatherLayerError",),
        cause="a gather whose index the parser can't find",
        rule="gather-without-index",
    ),
    Signature(
        id="graph-cycle",
        patterns=(r"NetworkXUnfeasible", r"Graph contains a cycle"),
        cause="the compiler turns its own simplification off for large models, and then finds a cycle",
        fix="simplify the graph first (onnxsim --no-large-tensor)",
        evidence=Evidence(source="public log of a language model", grade="recorded"),
    ),
    Signature(
        id="input-reshape",
        patterns=(r"_is_\w{1,60}_to_heads_reshape",),
        cause="a Reshape directly behind an input of the graph: the parser looks for the layer before it, and "
        "there is none",
        fix="give the input its final shape, so that the Reshape is not needed, or put a 1x1 convolution before "
        "it",
        evidence=Evidence("public log (linear attention block)", "recorded", version="5.4.0"),
    ),
    Signature(
        id="ir-version",
        patterns=(
            r"[Uu]nsupported (?:model )?IR[ _]version",
            r"ir_version \d{1,4} is higher than",
            r"max(?:imum)? supported IR[ _]version",
            r"model ir[ _]version",
            r"(?i:IR[ _]version):? \d{1,4}[^\n]{0,60} (?:not supported|unsupported|newer|higher|greater|exceeds)",
        ),
        cause="the ONNX file is of a newer file version (ir_version) than the compiler's own onnx package reads",
        rule="ir-version",
        commands=(PATCH, CHECK),
    ),
    Signature(
        id="kernel-shape",
        patterns=(r"Invalid kernel shape",),
        cause="a convolution or dense layer whose kernel and input disagree once the compiler has moved the axes",
        rule="mean-then-dense",
    ),
    Signature(
        id="layer-norm-format",
        patterns=(r"_?convert_axes_to_nhwc", r"axes_to_nhwc"),
        cause="the parser does not know the order of a norm's input axes",
        rule="layer-norm-format",
    ),
    Signature(
        id="misspelt-node",
        patterns=(
            r"MisspellNodeError",
            r"(?:[Uu]nable to find|(?:[Cc]ould not|[Cc]an't|[Cc]annot) find|[Dd]id not find) (?:the )?"
            r"(?:(?:start|end|input|output)[ _])?(?:node|tensor)",
            r"(?i:start|end)[ _]nodes?(?:[ _]names?)?[^\n]{0,200}not (?:found|exist|in (?:the )?(?:graph|model))",
            r"ValueError: '[^'\n]{1,200}' is not in list",
            r"\b[Nn]odes? [^\n]{1,200} (?:is|are|was|were) not (?:found|in) ",
        ),
        cause="a start or end node is not in this graph: its name is misspelt, is a tensor's in place of a "
        "node's, or comes from a file that another exporter wrote",
        fix="name nodes as this very file does (`tasnet2hef layers` lists them); leave them out to take the whole "
        "graph",
        evidence=Evidence("public log; hailo-ai/Hailo-Application-Code-Examples issue 362", "recorded"),
        commands=(LAYERS, PATCH),
    ),
    Signature(
        id="one-axis-form",
        patterns=(r"1D form is not supported",),
        cause="a layer behind which only the features are left (one axis) where the compiler wants a map of four",
        fix="keep four axes to the end, [1, features, 1, 1], or end the graph before this layer",
        evidence=Evidence("public log (end of a palm detector)", "recorded"),
    ),
    Signature(
        id="opset-adapter",
        patterns=(
            r"[Nn]o [Aa]dapter (?:[Tt]o|[Ff]rom) [Vv]ersion",
            r"version_converter\S{0,80}",
            r"adapter_lookup",
            r"No Op registered for \S{1,80} with domain_version",
            r"[Oo]pset(?: version)?:? \d{1,3} (?:is )?(?:not supported|unsupported|under development|newer)",
            r"official support for domain \S{0,40} is till opset",
            r"[Uu]nsupported (?:ONNX )?opset",
        ),
        cause="onnx can't convert the graph from its opset to the one that was asked for, or the compiler's onnx "
        "does not have the opset",
        fix="export with the wanted opset from the start (13 to 17; torch.onnx.export(..., dynamo=False)): no "
        "conversion is needed then",
        evidence=Evidence("public log (YOLOv5-seg of opset 18); onnx, version_converter", "recorded"),
    ),
    Signature(
        id="parser-crash",
        patterns=(
            r'File "[^"\n]{0,300}(?:model_translator|onnx_graph|onnx_translator|nn_fuser|hailo_nn)[^"\n]{0,80}", '
            r"line \d{1,7}, in \w{1,80}",
            r"\(onnx_graph\.py:\d{1,7}\)",
        ),
        cause="the parser itself crashed, in a function of its own: it met a form that it does not expect and has "
        "no message for",
        fix="look at the node that the traceback names, if it does; `tasnet2hef reduce --check` finds the few "
        "nodes that "
        "cause it",
        evidence=Evidence("public logs of such crashes", "recorded"),
        commands=(CHECK,),
        tells="class",
    ),
    Signature(
        id="parser-layer",
        patterns=(r"Unsupported\w{1,60}Error in op \S{1,200}", r"Unsupported\w{1,60}LayerError"),
        cause="the parser has no layer for this node in this form",
        rule="unsupported-form",
        tells="symptom",
    ),
    Signature(
        id="rank-one-input",
        patterns=(r"get_input_layer_shapes",),
        cause="an input of one axis has no shape for the parser",
        rule="rank-one-input",
    ),
    Signature(
        id="recurrent-layer",
        patterns=(r"Unsupported(?:LSTM|GRU|RNN)LayerError",),
        cause="a recurrent layer of a form that the compiler has no layer for",
        rule="recurrent-layer",
    ),
    Signature(
        id="reduction-axes",
        patterns=(r"UnsupportedReduce\w{1,20}LayerError",),
        cause="a sum, mean or maximum over axes that the compiler has no layer for",
        rule="reduction-axes",
    ),
    Signature(
        id="shuffle-layer",
        patterns=(r"UnsupportedShuffleLayerError", r"Invalid position of 0"),
        cause="a reshape or transpose that moves data between axes in a way that the chip has no layer for",
        rule="general-reshape",
        commands=(CHECK, EXPORT_TALL),
    ),
    Signature(
        id="slice-form",
        patterns=(r"UnsupportedSliceLayerError",),
        cause="a slice over an axis, or with a step, that the compiler has no layer for",
        rule="slice-form",
    ),
    Signature(
        id="squeeze",
        patterns=(r"UnexpectedNodeError[^\n]{0,200}Squeeze",),
        cause="an axis is removed or added between layers",
        rule="squeeze-between-layers",
        commands=(PATCH, CHECK),
    ),
    Signature(
        id="three-axes",
        patterns=(r"UnsupportedConv3D\w{0,40}", r"Unsupported dimensions"),
        cause="a tensor of three axes: its channels are read as another axis",
        rule="one-dimensional-convolution",
        commands=(CHECK, EXPORT_TALL),
    ),
    Signature(
        id="tile-check",
        patterns=(r"is_null_transpose_near_torch_tile",),
        cause="a check for a repeated tensor runs past the end of the graph",
        rule="general-transpose",
    ),
    Signature(
        id="unexpected-node",
        patterns=(r"UnexpectedNodeError", r"Unexpected node"),
        cause="the parser has no layer for this node at this place",
        rule="unsupported-operator",
    ),
    Signature(
        id="unsupported-model",
        patterns=(
            r"UnsupportedModelError",
            r"ParsingWithRecommendationException",
            r"[Pp]arsing failed with recommendations",
        ),
        cause="the parser gave up on part of the graph",
        rule="unsupported-form",
        commands=(CHECK, LOG),
        tells="class",
    ),
    Signature(
        id="unsupported-operator",
        patterns=(r"UnsupportedOperationError", r"operation is unsupported"),
        cause="the compiler has no layer for an operator",
        rule="unsupported-operator",
    ),
)
