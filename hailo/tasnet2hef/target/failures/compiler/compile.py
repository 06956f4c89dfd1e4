"""Failures of the compile stage: layers and contexts for which the allocator finds no resources."""

from __future__ import annotations

from typing import Final

from tasnet2hef.target.failures.conditions import (
    both,
    gives_reason,
    has_narrow_rows,
    has_wide_rows,
    is_tall,
    not_found,
    of_type,
    surely,
)
from tasnet2hef.target.failures.next_commands import (
    AGAIN,
    CHECK,
    EXPORT_SEGMENTS,
    EXPORT_SHORTER,
    EXPORT_TALL,
    LOG,
    REPORT,
)
from tasnet2hef.target.failures.signature import Alternative, Signature
from tasnet2hef.target.known.evidence import Evidence

_RUN: Final = Evidence(source="the run itself", grade="recorded")
_WORDS: Final = Evidence("public logs of this message with several causes", "inferred")
_NARROW: Final = "The widest row of this graph ({widest}) is of a width that compiled, so width is not the cause"
_WIDE_AND_TALL: Final = Alternative(
    both(has_wide_rows, is_tall),
    cause="the allocator finds no place for the rows: the widest row of this graph is {widest}, although time is "
    "on the height already",
    fix="fewer features in a row: fewer channels, or windows one after the other in place of side by side",
    commands=(CHECK,),
    rule="row-too-wide",
)

SIGNATURES: Final = (
    Signature(
        id="add-shapes",
        patterns=(r"element-wise addition requires the output_shape",),
        cause="an estimate of the compiler compares an add's sides before one of them is complete; "
        "recorded where the HEF itself was fine",
        fix="check whether the HEF was written; if not, leave the profiler out",
        evidence=Evidence(source="public log", grade="recorded"),
        commands=(LOG,),
    ),
    Signature(
        id="agent-infeasible",
        patterns=(r"Agent infeasible", r"No successful assignments?"),
        cause="the allocator finds no place for a layer: recorded where rows (width x features) are 512,000 "
        "bytes and more",
        rule="row-too-wide",
        commands=(CHECK, EXPORT_TALL),
        fallback="contexts",
        tells="symptom",
        alternatives=(
            _WIDE_AND_TALL,
            Alternative(
                has_narrow_rows,
                cause=f"the allocator finds no place for a layer. {_NARROW}",
                fix="look at the lines before it for the layer and its reason; let the compiler use several "
                "contexts, and remove the model script's lines about this layer; else cut the net into segments",
                commands=(LOG, AGAIN, EXPORT_SEGMENTS),
                evidence=_WORDS,
            ),
        ),
    ),
    Signature(
        id="allocation-failed",
        patterns=(
            r"BackendAllocatorException",
            r"allocation failed",
            r"Mapping Failed",
            r"Failed to produce compiled graph",
            r"Compilation failed",
        ),
        cause="the compile stage failed without naming a reason. Rows of 512,000 bytes and more are recorded to "
        "fail so, and so are other causes",
        fix="read the lines before it; check the graph: if its rows are wide, that comes first; else let the "
        "compiler use several contexts",
        evidence=_WORDS,
        commands=(LOG, CHECK),
        fallback="contexts",
        tells="class",
        alternatives=(
            Alternative(
                gives_reason,
                cause="the compile stage failed for the reason that its words give; no more is on record",
                fix="change the layer that the words name; let the compiler use several contexts; if that fails "
                "alike, report it with the log",
                commands=(LOG, AGAIN, REPORT),
                evidence=_WORDS,
            ),
            _WIDE_AND_TALL,
            Alternative(
                has_wide_rows,
                cause="the allocator failed without a reason; recorded for rows of 512,000 bytes and more, and "
                "the widest row of this graph is {widest}",
                fix="put time on height (`--layout tall`), where a row holds the features of one frame; else a "
                "shorter window or fewer features",
                commands=(CHECK, EXPORT_TALL),
                rule="row-too-wide",
            ),
            Alternative(
                has_narrow_rows,
                cause=f"the compile stage failed without naming a reason. {_NARROW}",
                fix="read the lines before it; let the compiler use several contexts; if that fails alike, report "
                "it with the log",
                commands=(LOG, AGAIN, REPORT),
                evidence=_WORDS,
            ),
        ),
    ),
    Signature(
        id="context-streams",
        patterns=(r"shmifo in capacity exceeded",),
        cause="more than 20 streams cross the border between two contexts",
        rule="too-many-layers",
        fix="cut elsewhere: fewer skip connections over a context's border, or "
        "resources_param(max_utilization=0.95), which made fewer contexts",
        fallback="segments",
    ),
    Signature(
        id="grouped-deconvolution",
        patterns=(r"Super deconv is not supported with groups",),
        cause="the compiler has no grouped transposed convolution of a long kernel",
        rule="grouped-deconvolution",
        commands=(EXPORT_TALL,),
    ),
    Signature(
        id="kernel-validation",
        patterns=(r"failed on kernel validation",),
        cause="a layer asks for something that its unit does not have, as the message says",
        fix="change what the message names for this layer; remove the model script's lines about it",
        evidence=Evidence("public log (a slice with 2 APUs where 1 is allowed)", "recorded", version="5.3.0"),
        commands=(LOG, CHECK),
        tells="symptom",
    ),
    Signature(
        id="latency-simulation",
        patterns=(
            r"LatencySimulation\w{0,20}Timeout",
            r"[Ll]atency simulation[^\n]{0,60}time\s?d?[ -]?out",
            r"[Ss]imulation reached (?:its |the )?time\s?out",
            r"[Tt]ime\s?out[^\n]{0,60}latency simulation",
            r"[Ss]imulation time\s?out",
        ),
        cause="the compiler placed the net, and its own simulation of the latency did not end in time",
        fix="make the placement simpler: several contexts, or a smaller part of the net; with a script of another "
        "net's zoo entry, leave the script out",
        evidence=Evidence("public log (a YOLOv5-seg compiled as a YOLOv5)", "recorded", version="3.33"),
        commands=(AGAIN,),
        fallback="contexts",
    ),
    Signature(
        id="mapping-timeout",
        patterns=(r"Mapping Failed \(Timeout", r"Mapping Failed[^\n]{0,80}\n[^\n]{0,80}\bTimeout\b"),
        cause="the compiler's own search ran out of its time; recorded for one-dimensional convolutions and "
        "for nets near the chip's limits",
        rule="one-dimensional-convolution",
        fix="2-D convolutions on 4-D tensors, as `tasnet2hef convert` makes them; else a shorter window",
        commands=(CHECK, EXPORT_SHORTER),
        fallback="effort",
        tells="symptom",
    ),
    Signature(
        id="memory-units",
        patterns=(r"[Mm]emory units (?:capacity exceeded|required)",),
        cause="one layer's weights need more memory units than a cluster has (128); no script changes that",
        rule="dense-layer-memory",
        fallback="segments",
    ),
    Signature(
        id="microcode",
        patterns=(
            r"[Mm]icrocode (?:\w{1,20} ){0,2}exceed\w{0,4}",
            r"exceed\w{0,4} (?:the )?(?:max\w{0,10} )?microcode",
            r"[Mm]icrocode (?:(?:size|is) )?(?:too (?:large|long|big))",
        ),
        cause="one layer's program is longer than its unit's memory for programs",
        fix="split that layer, or compute it on the host; recorded for a bilinear resize far up in fractional "
        "steps, which compiled with align_corners or in whole steps",
        evidence=Evidence("public log (DeepLabV3)", "recorded", version="3.33.0", hardware=("hailo8l",)),
        alternatives=(
            Alternative(
                both(of_type("resize"), surely(not_found("resize-program"))),
                cause="the resize's program is longer than its unit's memory for programs, though it has no half "
                "pixels with a factor that is not whole",
                fix="split it into two resizes, or do it on the host",
            ),
            Alternative(
                of_type("resize"),
                cause="the resize's program is longer than its unit's memory for programs: with half pixels and a "
                "factor that is not whole, the weights hardly repeat",
                fix="export with align_corners, resize in whole steps, or do it on the host",
                rule="resize-program",
            ),
        ),
    ),
    Signature(
        id="no-hef",
        patterns=(r"compile\(\) returned",),
        cause="compile() returned without an error and without a HEF",
        fix="read the log; nothing was written as a HEF",
        evidence=_RUN,
        commands=(LOG, REPORT),
    ),
    Signature(
        id="no-partition",
        patterns=(
            r"Automri finished with too many resources",
            r"could not find a valid partition",
            r"Splitter failed to find a possible solution",
            r"Partition and Allocation Failed",
        ),
        cause="the compiler could not cut the net into contexts",
        rule="too-many-layers",
        fix="a smaller net: shorter window, fewer blocks, or segments that are compiled one by one",
        commands=(EXPORT_SHORTER,),
        fallback="effort",
    ),
    Signature(
        id="not-quantised",
        patterns=(r"requires quantized weights", r"[Dd]id you forget to quantize"),
        cause="compile() got a HAR that has not been through optimize()",
        fix="optimise first, and compile the HAR that optimize() leaves; this driver does both",
        evidence=Evidence("public log", "recorded"),
        commands=(AGAIN,),
    ),
    Signature(
        id="reshape-needed",
        patterns=(r"Reshape is needed for layers", r"adding a reshape has failed"),
        cause="rows are too wide for the units, and the allocator could not cut them",
        rule="row-too-wide",
        commands=(CHECK, EXPORT_TALL),
        fallback="window",
        alternatives=(
            _WIDE_AND_TALL,
            Alternative(
                has_narrow_rows,
                cause=f"the allocator wants to reshape layers and can't. {_NARROW}; recorded also for a "
                "convolution of 16 x 16 with stride 16",
                fix="look at the layers that it names: write a large kernel with a large stride as two smaller "
                "ones, join fewer maps in one Concat",
                commands=(CHECK,),
                fallback="contexts",
                evidence=Evidence("public log (16 x 16 patches, hailo8l, 3.34.0)", "recorded"),
            ),
        ),
    ),
    Signature(
        id="shortcut-crash",
        patterns=(r"AddShortcut\(", r"AddShortcut [Aa]ssertion"),
        cause="the compiler crashed while it laid a shortcut (a residual add) over the border of two contexts",
        fix="avoid the border: one context (a smaller net or window, raised caps by resources_param), or cut the "
        "net yourself where no shortcut crosses",
        evidence=Evidence(
            "public log (DeepLabV3 on MobileNetV2)", "recorded", version="3.33.0", hardware=("hailo8",)
        ),
        commands=(LOG, REPORT),
    ),
    Signature(
        id="single-context",
        patterns=(r"single context: \w{1,80} had no assignment",),
        cause="one context can't hold the weights",
        rule="too-many-layers",
        fix="let the compiler use several contexts: context_switch_param(mode=enabled)",
        commands=(AGAIN,),
        fallback="contexts",
    ),
    Signature(
        id="split-output",
        patterns=(r"successor name is missing",),
        cause="an output of a split is not used, or is an output of the graph",
        rule="split-output",
    ),
    Signature(
        id="super-defuse",
        patterns=(r"needs super-defuse",),
        cause="a layer must be split over features further than the compiler does by itself",
        rule="dense-layer-memory",
        fallback="segments",
    ),
    Signature(
        id="too-many-layers",
        patterns=(
            r"lcus=\(\d{1,6}/\d{1,6}\)",
            r"too many re\w{1,10}: \d{1,6} Layer-Controllers",
            r"Resources presolve failed",
        ),
        cause="the layers need more layer controllers than the contexts that were tried have",
        rule="too-many-layers",
        fallback="contexts",
    ),
)
