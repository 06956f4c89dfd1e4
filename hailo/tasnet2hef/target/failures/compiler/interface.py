"""Model scripts, options and calls that this version of the compiler does not accept."""

from __future__ import annotations

from typing import Final

from tasnet2hef.target.failures.conditions import has_no_script
from tasnet2hef.target.failures.next_commands import AGAIN, LAYERS, LOG
from tasnet2hef.target.failures.signature import Alternative, Signature
from tasnet2hef.target.known.evidence import Evidence

_LOG: Final = Evidence(source="public log", grade="recorded")

SIGNATURES: Final = (
    Signature(
        id="command-option",
        patterns=(r"unrecognized arguments",),
        cause="the vendor's command line of this version does not have the option",
        fix="`hailo optimize` takes --output-har-path; this driver calls the Python interface and does not "
        "need it",
        evidence=Evidence(source="public log", grade="recorded", version="3.33.0"),
        commands=(AGAIN,),
    ),
    Signature(
        id="emulator-call",
        patterns=(r"'int' object has no attribute 'shape'",),
        cause="the emulator was not called through infer_context and infer",
        fix="with runner.infer_context(kind) as context: runner.infer(context, arrays)",
        evidence=Evidence(source="steveonw/Piper-VITS-TTS-on-Hailo-10H@371fd0c", grade="recorded"),
        commands=(AGAIN,),
    ),
    Signature(
        id="layer-not-in-net",
        patterns=(
            r"[Ll]ayer (?:named )?\S{0,200}\s?(?:doesn't|does not) exist in the HN",
            r"[Ll]ayer \S{1,200} not exist in the HN",
            r"[Ll]ayers? [^\n]{1,200} (?:is|are|was|were) not (?:found )?in (?:the )?(?:HN|net|model)",
            r"[Ll]ayers? [^\n]{1,200} (?:does not|doesn't|do not|don't) exist\b",
            r"(?:[Cc]ould not|[Cc]an't|[Cc]annot) find (?:the )?layer",
            r"HailoNNException: [^\n]{0,120}(?:not found|no (?:such )?layer)",
        ),
        cause="a model script or a post-processing (NMS) file names a layer that this net does not have: it was "
        "written for another net, or for another export of this one",
        fix="take the names of this net's layers (`tasnet2hef layers` predicts them; the HAR holds the "
        "compiler's), or leave the file out",
        evidence=Evidence("public logs (a YOLOv5 with the zoo entry of another)", "recorded", version="3.33"),
        commands=(LAYERS, AGAIN),
        alternatives=(
            Alternative(
                has_no_script,
                cause="a post-processing (NMS) file names a layer that this net does not have; this run has no "
                "model script",
                fix="leave the post-processing file out, or write this net's own layers into it",
                commands=(LAYERS,),
            ),
        ),
    ),
    Signature(
        id="nms-layers",
        patterns=(
            r"NMSConfigPostprocessException(?![^\n]{0,200}exist in the HN)",
            r"Error in the last layers of the model",
            r"expected conv but found \w{1,40} layer",
        ),
        cause="the script adds the vendor's post-processing (NMS) for a detector, and the net does not end in the "
        "layers that it expects",
        fix="end the graph at the raw outputs of its convolutions, or remove nms_postprocess from the script",
        evidence=_LOG,
        commands=(LAYERS, AGAIN),
    ),
    Signature(
        id="params-kind",
        patterns=(r"Unexpected params_kind",),
        cause="optimised weights can't be loaded into a runner",
        fix="save the HAR and open it with a new runner, as this driver does",
        evidence=Evidence(source="weftspun/interactor-hailo-ugen300@d96be60", grade="recorded"),
        commands=(AGAIN,),
    ),
    Signature(
        id="rgb-conversion",
        patterns=(r"features alignment",),
        cause="a colour conversion was requested for an input that does not have an image's features",
        fix="remove the input_conversion line from the model script",
        evidence=_LOG,
        commands=(AGAIN,),
        alternatives=(
            Alternative(
                has_no_script,
                cause="the compiler adds a colour conversion by itself to an input that does not have an image's "
                "features; this run has no model script",
                fix="leave out the input that is not an image (recorded for an attention mask), or compute it "
                "inside",
                commands=(LAYERS,),
            ),
        ),
    ),
    Signature(
        id="script-conflict",
        patterns=(r"cannot coexist",),
        cause="compiler_optimization_level=max and resources_param can't be in one script",
        fix="remove one of the two from the model script",
        evidence=Evidence(source="public log", grade="recorded", version="3.33.0"),
        commands=(AGAIN,),
    ),
    Signature(
        id="script-syntax",
        patterns=(r"BackendScriptParserException", r"AllocatorScriptParserException", r"Parsing failed at:"),
        cause="a command of the model script does not have the syntax of this compiler version",
        fix="correct the line that the compiler quotes (`normalization` must be assigned to a name)",
        evidence=Evidence(source="public log of an LPRNet script", grade="recorded"),
        commands=(LOG, AGAIN),
        tells="symptom",
    ),
)
