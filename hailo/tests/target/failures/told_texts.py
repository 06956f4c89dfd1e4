"""Texts of the compiler and of HailoRT, what is right to say of each, and what would be wrong.

Own, reduced forms of what public reports quote: the stable words are the vendor's, names and numbers are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Told:
    """A text with the signatures that are right for it; ``wrong`` words must not be in the explanation."""

    text: str
    right: tuple[str, ...]
    stage: str = ""
    graph: str = ""
    """Which small graph it is told of: `tall`, `wide`, `min`; empty for none."""
    script: str = ""
    wrong: tuple[str, ...] = ()
    node: str = ""
    says: tuple[str, ...] = ()


_WIDTH: Final = ("512,000", "layout tall", "--layout")
_SHORTER: Final = ("shorter window",)
_MEAN: Final = ("a mean over too many", "average in two")
_SIXTEEN: Final = "quantization_param({conv*}, precision_mode=a16_w16)\n"
_CRASH: Final = ("native-assertion", "crash")

TEXTS: Final = (
    Told(
        "[info] Using Multi-context flow\n"
        "compiler: ../src/a_graph/some_pass.cpp:1682: Assertion `node->output_shapes().size() > index' failed.\n"
        "[error] Failed to produce compiled graph\n"
        "[error] BackendAllocatorException: Compilation failed with unexpected crash",
        _CRASH,
        "compile",
        "tall",
        wrong=(*_WIDTH, *_SHORTER),
        says=("Assertion",),
    ),
    Told(
        "BackendAllocatorException: Compilation failed with unexpected crash",
        _CRASH,
        "compile",
        "tall",
        wrong=_WIDTH,
    ),
    Told(
        "Agent infeasible\nlcus=(160/128)\ncompiler: a.cpp:7: void f(): Assertion `x != nullptr' failed.\n"
        "Aborted (core dumped)",
        _CRASH,
        "compile",
        wrong=_WIDTH,
    ),
    Told(
        "terminate called after throwing an instance of 'std::out_of_range'\n  what():  map::at", _CRASH, "compile"
    ),
    Told("libc++abi: terminating due to uncaught exception of type std::runtime_error", _CRASH, "compile"),
    Told("subprocess.CalledProcessError: Command died with <Signals.SIGSEGV: 11>.", _CRASH, "compile"),
    Told("terminate called after throwing an instance of 'std::bad_alloc'", ("out-of-memory",), "compile"),
    Told(
        "[error] BackendAllocatorException: Compilation failed",
        ("allocation-failed",),
        "compile",
        "tall",
        wrong=_WIDTH,
    ),
    Told(
        "[error] BackendAllocatorException: Compilation failed",
        ("allocation-failed",),
        "compile",
        "wide",
        says=("512,",),
    ),
    Told("[error] BackendAllocatorException: Compilation failed", ("allocation-failed",), "compile"),
    Told("dw3 errors: Agent infeasible", ("agent-infeasible",), "compile", "tall", wrong=_WIDTH),
    Told("dw3 errors: Agent infeasible", ("agent-infeasible",), "compile", "wide", says=("--layout tall",)),
    Told(
        "Reshape is needed for layers: conv7, but adding a reshape has failed.",
        ("reshape-needed",),
        "compile",
        "tall",
        wrong=_WIDTH,
    ),
    Told(
        "BackendAllocatorException: No successful assignments: ne_activation_ew_sub_softmax4",
        ("agent-infeasible",),
        "compile",
        "tall",
        wrong=_WIDTH,
    ),
    Told(
        "slice9 failed on kernel validation: slice9 has 2 APUs but max allowed is 1",
        ("kernel-validation",),
        "compile",
    ),
    Told(
        "[error] Mapping Failed (allocation time: 3m 2s)\nmicrocode exceeded size for resize7_sd0 "
        "(cluster_index=2, layer_index=1)\n[error] BackendAllocatorException: Compilation failed",
        ("microcode",),
        "compile",
        wrong=_WIDTH,
        says=("align_corners",),
    ),
    Told(
        "microcode exceeded size for conv4 (cluster_index=0, layer_index=3)",
        ("microcode",),
        "compile",
        wrong=_WIDTH,
    ),
    Told(
        "Compilation failed: Latency simulation reached timeout", ("latency-simulation",), "compile", wrong=_WIDTH
    ),
    Told("[critical] latency simulation timed out after 600 s", ("latency-simulation",), "compile", wrong=_WIDTH),
    Told(
        "AccelerasValueError: Inference input shapes [[-1, 1, 7, 16]] for layer net/conv8 does not match HN "
        "shapes [[-1, 7, 33, 16]]",
        ("inference-shapes",),
        "optimize",
        wrong=_SHORTER,
    ),
    Told(
        "a.b.AccelerasValueError: Inference input shapes [[-1, 64, 32, 32], [-1, 64, 32]]\nfor layer m/conv4 does "
        "not match HN shapes\n[[-1, 1, 64, 32], [-1, 1, 64, 32]]",
        ("inference-shapes",),
        "optimize",
    ),
    Told(
        "Unsupported value [PrecisionMode.a16_w4] for fields ['precision_mode']",
        ("precision-mode",),
        "optimize",
        wrong=_SHORTER,
    ),
    Told("ValueError: 'a9_w9' is not a valid PrecisionMode", ("precision-mode",), "optimize"),
    Told(
        "AccelerasImplementationError: not supported. Layer: pow/square3, Config: {'precision_mode': 'a16_w16'}",
        ("precision-form",),
        "optimize",
        wrong=_SHORTER,
        says=("square",),
    ),
    Told(
        "AccelerasImplementationError: not supported. Layer: n/softmax2, Config: {'bias_mode': 'x', "
        "'precision_mode': 'a8_w4'}",
        ("precision-form",),
        "optimize",
    ),
    Told(
        "[error] Unsupported layers for the target sage: n/precision_change4:\nbias_mode: "
        "single_scale_decomposition\nprecision_mode: a16_w16_a8\nAccelerasUnsupportedError: Unsupported layers "
        "for the provided optimization target. Review the log",
        ("precision-form",),
        "optimize",
    ),
    Told(
        "activation2 failed on kernel validation: 16x4 is not supported in activation2\nAgent infeasible",
        ("sixteen-bit",),
        "compile",
        wrong=_WIDTH,
    ),
    Told(
        "Agent infeasible\nDW resources calculation failed: more than 1 subclusters are needed for 16bit L2 "
        "biases and contexts at activation5",
        ("sixteen-bit",),
        "compile",
        wrong=_WIDTH,
    ),
    Told(
        "HailoNNException: The layer named conv12 doesn't exist in the HN",
        ("layer-not-in-net",),
        "optimize",
        wrong=_SHORTER,
    ),
    Told("HailoNNException: The layer named  doesn't exist in the HN", ("layer-not-in-net",), "optimize"),
    Told("HailoNNException: The layer named conv63 does not exist in the HN", ("layer-not-in-net",)),
    Told(
        "Unable to find end node names: ['Conv_253', 'Conv_232']",
        ("misspelt-node",),
        "translate",
        wrong=(*_SHORTER, "the parser would take the graph as far as"),
    ),
    Told("MisspellNodeError: Unable to find start node names: ['images']", ("misspelt-node",), "translate"),
    Told("ValueError: 'onnx::Sub_640' is not in list", ("misspelt-node",), "translate"),
    Told(
        "RuntimeError: /w/onnx/version_converter/BaseConverter.h:70: adapter_lookup: Assertion `false` failed: "
        "No Adapter To Version $17 for Resize",
        ("opset-adapter",),
        "translate",
    ),
    Told("No Adapter From Version 18 for Pad", ("opset-adapter",)),
    Told(
        "onnx.checker.ValidationError: Your model ir_version 13 is higher than the checker's (10).",
        ("ir-version",),
        "translate",
    ),
    Told(
        "[ONNXRuntimeError] : 2 : Unsupported model IR version: 11, max supported IR version: 10",
        ("ir-version",),
        "translate",
    ),
    Told(
        "google.protobuf.message.DecodeError: Error parsing message with type 'onnx.ModelProto'",
        ("broken-model",),
        "translate",
    ),
    Told(
        "onnx.onnx_cpp2py_export.checker.ValidationError: Unable to parse proto from file: m.onnx. Please check "
        "if it "
        "is a valid protobuf file of proto.",
        ("broken-model",),
        "translate",
    ),
    Told(
        "AccelerasUnsupportedError: scope1/matmul5/matmul_op: Matmul without transpose input and with negative "
        "range is not supported",
        ("signed-matmul",),
        "optimize",
        wrong=_SHORTER,
    ),
    Told(
        "layer n/matmul7 does not support shift delta. To overcome this issue you should force larger range at "
        "the inputs of the layer using command\nquantization_param([layer_name], force_range_in=[range_min, "
        "range_max], force_range_index=index)\ncurrent range of input 0 is [0.000, 35.384]",
        ("shift-delta",),
        "optimize",
        wrong=_SHORTER,
        says=("force_range_in", "matmul7"),
    ),
    Told(
        "NegativeSlopeExponentNonFixable: Quantization failed in layer n/ne_activation_avgpool6 due to "
        "unsupported required slope. Desired shift is 10.0, but op has only 8 data bits",
        ("mean-too-long",),
        "optimize",
    ),
    *(
        Told(
            f"NegativeSlopeExponentNonFixable: Quantization failed in layer n/{layer} due to unsupported required "
            f"slope. Desired shift is {shift}.0, but op has only 8 data bits.",
            ("slope-range",),
            "optimize",
            wrong=_MEAN,
        )
        for layer, shift in (
            ("ew_mult1", 40),
            ("ne_activation_square3", 12),
            ("matmul2", 10),
            ("ne_activation_fc50", 11),
            ("normalization4", 16),
            ("conv9", 9),
            ("ew_div2", 41),
            ("avgpool1", 40),
        )
    ),
    Told("Desired shift is 10.0, but op has only 8 data bits", ("slope-range",), "optimize", "tall", wrong=_MEAN),
    Told(
        "Traceback (most recent call last):\n  File "
        '"/v/hailo_sdk_client/model_translator/onnx_translator/onnx_graph.py", line 812, in '
        "get_dynamic_kernel_shape\nIndexError: list index out of range",
        ("computed-kernel",),
        "translate",
        wrong=_SHORTER,
    ),
    Told(
        'Traceback (most recent call last):\n  File "onnx_graph.py", line 4, in '
        "_is_spatial_flatten_with_features_to_heads_reshape\nStopIteration",
        ("input-reshape",),
        "translate",
        wrong=_SHORTER,
    ),
    Told(
        "Traceback (most recent call last):\n  File "
        '"/v/hailo_sdk_client/model_translator/edge_nn_translator.py", line 9, in _some_new_function\nKeyError: 3',
        ("parser-crash",),
        "translate",
        wrong=_SHORTER,
    ),
    Told(
        "a.exceptions.ParsingWithRecommendationException: Parsing failed. The errors found in the graph are:\n"
        " UnsupportedConcatLayerError in op /emb/Tile_2: Unsupported concat over axis batch\n"
        "Please try to parse the model again, using these end node names: /patch/Conv",
        ("batch-join",),
        "translate",
        node="/emb/Tile_2",
        says=("batch", "/emb/Tile_2"),
    ),
    Told(
        "ParsingWithRecommendationException: Parsing failed. The errors found in the graph are:\n"
        " UnsupportedFancyLayerError in op /head/Fancy: Fancy with 3 inputs is not supported\n"
        " UnsupportedFancyLayerError in op /head/Fancy_1: Fancy with 3 inputs is not supported",
        ("parser-layer",),
        "translate",
        node="/head/Fancy",
        says=("Fancy with 3 inputs", "1 more node"),
    ),
    Told(
        "Parsing failed. The errors found in the graph are:\nUnsupportedOperationError in op /d/Mod: Mod "
        "operation is unsupported",
        ("unsupported-operator",),
        "translate",
        node="/d/Mod",
        says=("Mod",),
    ),
    Told(
        "UnsupportedModelError: 1D form is not supported in layer Identity_1 of type ConcatLayer.",
        ("one-axis-form",),
        "translate",
    ),
    Told("ZeroDivisionError: division by zero", ("broadcast",), "translate"),
    Told(
        "ZeroDivisionError: division by zero",
        ("broadcast",),
        "optimize",
        script="model_optimization_config(compression_params, auto_4bit_weights_ratio=1)\n",
        says=("4-bit",),
    ),
    Told(
        "AccelerasValueError: operands of minimum1",
        ("optimizer-value",),
        "optimize",
        "min",
        says=("minimum of two maps",),
    ),
    Told(
        "AllocatorScriptParserException: Error in the last layers of the model, expected conv but found concat "
        "layer.",
        ("nms-layers",),
        "optimize",
    ),
    Told(
        "BackendRuntimeException: Model requires quantized weights in order to run on HW, but none were given.",
        ("not-quantised",),
        "compile",
    ),
    Told(
        "AccelerasResourceError: \nGPU memory has been exhausted. Please try to use", ("gpu-memory",), "optimize"
    ),
    Told(
        "[HailoRT] [error] CHECK_AS_EXPECTED failed - Error, Could not find logical periph bytes per buffer "
        "value\nstatus=HAILO_INVALID_ARGUMENT(2)",
        ("hef-version",),
        "runtime",
    ),
    Told(
        "[HailoRT] [error] CHECK failed - max_desc_page_size given 65536 is bigger than hw max desc page size "
        "4096\nstatus=HAILO_INTERNAL_FAILURE(8)",
        ("desc-page-size",),
        "runtime",
    ),
    Told("Failed to create VDevice: HAILO_INVALID_SERVICE_VERSION(78)", ("service",), "runtime"),
    Told("terminate failed with status HAILO_RPC_FAILED(77)", ("service",), "runtime"),
    Told(
        "CHECK failed - Trying to write to vstream y/input_layer1 before its network group is activated",
        ("not-activated",),
        "runtime",
    ),
    Told(
        "Not supported. Did you try calling `create_configure_params` on H10? If so, use InferModel instead",
        ("not-implemented",),
        "runtime",
    ),
    Told(
        "CHECK failed - Memory size of vstream n/in1 does not match the frame count! (Expected 99, got 0)",
        ("numpy-too-new",),
        "runtime",
    ),
    Told(
        "CHECK failed - Memory size of vstream n/in1 does not match the frame count! (Expected 99, got 396)",
        ("input-size",),
        "runtime",
    ),
    Told(
        "[HailoRT] [error] CHECK failed - Driver version (4.18.0) is different from library version (4.19.0)",
        ("driver-version",),
        "runtime",
    ),
    Told(
        "[HailoRT] [error] HEF format is not compatible with device. Device arch: HAILO8L, HEF arch: "
        "HAILO8\nstatus=HAILO_INVALID_HEF(26)",
        ("hef-other-hardware",),
        "runtime",
    ),
    Told(
        "ImportError: libhailort.so.4.20.0: cannot open shared object file: No such file or directory",
        ("library-version",),
        "runtime",
    ),
    Told(
        "RuntimeError: the moon is in the wrong house", ("unknown",), "compile", "tall", wrong=(*_SHORTER, *_WIDTH)
    ),
    Told("UnsupportedActivationLayerError in op /a/Erf: Unexpected activation Erf", ("activation",), "translate"),
    Told("[error] UnsupportedModelError on Sub and Add_1", ("unsupported-model",), "translate", says=("gave up",)),
    Told("hailo optimize: error: unrecognized arguments: --har-path", ("command-option",), "optimize"),
    Told("context n_context_2 shmifo in capacity exceeded (available: 20, required: 31)", ("context-streams",)),
    Told("UnsupportedGatherLayerError in op /h/Gather: Can't find index", ("gather-index",), "translate"),
    Told("[error] Mapping Failed (Timeout, allocation time: 31m 42s)", ("mapping-timeout",), "compile"),
    Told("ValueError: Unexpected params_kind hailo_optimized", ("params-kind",), "optimize"),
    Told(
        "UnsupportedSliceLayerError in op Slice__9: Slice on axis 1 is not supported", ("slice-form",), "translate"
    ),
    Told(
        "compiler: ../src/allocator/appender.cpp:402:\n  Status<Node*>\n  Appender::AddShortcut(...)\n  Assertion "
        "`a.output_format() == b->input_format()' failed.\n[error] BackendAllocatorException: Compilation failed "
        "with "
        "unexpected crash",
        ("shortcut-crash",),
        "compile",
        wrong=_WIDTH,
    ),
    Told("IndexError: list index out of range", ("axes-lost",), "translate", "two axes", says=("four axes",)),
    Told("IndexError: list index out of range", ("unknown",), "translate", "tall"),
    Told("Fatal Python error: Aborted", ("crash",), "optimize"),
    Told("[error] the compiler process exited with code 139", ("crash",), "compile", "tall", wrong=_WIDTH),
    Told("[error] Microcode size exceeded for net/resize2", ("microcode",), "compile", wrong=_WIDTH),
    Told("ERROR: precision mode a16_w4 is not supported", ("precision-mode",), "optimize"),
    Told("BackendScriptParserException: layer net/conv9 does not exist", ("layer-not-in-net",), "optimize"),
    Told("ValueError: Could not find node /head/Conv_2 in the graph", ("misspelt-node",), "translate"),
    Told("ONNX opset version 23 is not supported", ("opset-adapter",), "translate"),
    Told("AccelerasValueError: matmul3: input 0 must be unsigned", ("signed-matmul",), "optimize"),
    Told("UnsupportedConvLayerError in op /c/Conv: dynamic weights", ("computed-kernel",), "translate"),
    Told("AttributeError: `np.product` was removed in the NumPy 2.0 release.", ("numpy-too-new",), "optimize"),
    Told("HAILO_PCIE_DRIVER_NOT_INSTALLED(64)", ("driver-missing",), "runtime"),
    Told(
        "Agent infeasible", ("agent-infeasible",), "compile", "tall", script=_SIXTEEN, says=("16 bits in line 1",)
    ),
    Told(
        "BackendAllocatorException: Compilation failed: the new allocator met something new",
        ("allocation-failed",),
        "compile",
        "tall",
        wrong=_WIDTH,
        says=("it says: Compilation failed: the new allocator met something new",),
    ),
    Told("[error] Node /foo/Bar_9 was not found in the graph", ("misspelt-node",), "translate"),
    Told("terminate called without an active exception", ("crash",), "compile"),
    Told("ModuleNotFoundError: No module named 'onnx.mapping'", ("broken-environment",), "translate"),
    Told("./run.sh: line 3: 1234 Killed   python compile.py", ("interrupted",), "compile"),
    Told("[HailoRT] [error] Unsupported hef version 3", ("hef-version",), "runtime"),
    Told("HailoRTStatusException: 69", ("not-activated",), "runtime"),
)
"""All texts; the tests also tell them with other names and numbers, and inside long logs."""
