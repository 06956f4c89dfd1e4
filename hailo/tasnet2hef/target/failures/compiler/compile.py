"""Failures of the compile stage: layers and contexts for which the allocator finds no resources."""

from __future__ import annotations

from typing import Final

from tasnet2hef.target.failures.next_commands import AGAIN, CHECK, EXPORT_SHORTER, EXPORT_TALL, LOG
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.known.evidence import Evidence

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
        patterns=(r"Agent infeasible",),
        cause="the allocator finds no place for a layer: recorded where rows (width x features) are 512,000 "
        "bytes and more",
        rule="row-too-wide",
        commands=(CHECK, EXPORT_TALL),
        fallback="contexts",
    ),
    Signature(
        id="allocation-failed",
        patterns=(r"BackendAllocatorException", r"allocation failed", r"Mapping Failed"),
        cause="the allocator failed without a reason; recorded for rows of 512,000 bytes and more, which can fail "
        "without any further message",
        rule="row-too-wide",
        commands=(CHECK, EXPORT_TALL),
        fallback="contexts",
        general=True,
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
        id="mapping-timeout",
        patterns=(r"Mapping Failed \(Timeout",),
        cause="the compiler's own search ran out of its time; recorded for one-dimensional convolutions and "
        "for nets near the chip's limits",
        rule="one-dimensional-convolution",
        fix="2-D convolutions on 4-D tensors, as `tasnet2hef convert` makes them; else a shorter window",
        commands=(CHECK, EXPORT_SHORTER),
        fallback="effort",
    ),
    Signature(
        id="memory-units",
        patterns=(r"[Mm]emory units (?:capacity exceeded|required)",),
        cause="one layer's weights need more memory units than a cluster has (128); no script changes that",
        rule="dense-layer-memory",
        fallback="segments",
    ),
    Signature(
        id="no-hef",
        patterns=(r"compile\(\) returned",),
        cause="compile() returned without an error and without a HEF",
        fix="read the log; nothing was written as a HEF",
        evidence=Evidence(source="the run itself", grade="recorded"),
        commands=(LOG,),
        fallback="effort",
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
        id="reshape-needed",
        patterns=(r"Reshape is needed for layers", r"adding a reshape has failed"),
        cause="rows are too wide for the units, and the allocator could not cut them",
        rule="row-too-wide",
        commands=(CHECK, EXPORT_TALL),
        fallback="window",
    ),
    Signature(
        id="single-context",
        patterns=(r"single context: \w+ had no assignment",),
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
            r"lcus=\(\d+/\d+\)",
            r"too many re\w*ources: \d+ Layer-Controllers",
            r"Resources presolve failed",
        ),
        cause="the layers need more layer controllers than the contexts that were tried have",
        rule="too-many-layers",
        fallback="contexts",
    ),
)
