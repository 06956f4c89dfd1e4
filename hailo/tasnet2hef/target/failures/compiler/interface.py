"""Model scripts, options and calls that this version of the compiler does not accept."""

from __future__ import annotations

from typing import Final

from tasnet2hef.target.failures.next_commands import AGAIN, LOG
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.known.evidence import Evidence

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
        evidence=Evidence(source="public log", grade="recorded"),
        commands=(AGAIN,),
    ),
    Signature(
        id="runtime-call",
        patterns=(r"HAILO_NOT_IMPLEMENTED",),
        cause="the stream interface of older runtimes does not exist for this device",
        fix="use VDevice.create_infer_model(), which `tasnet2hef separate` does",
        evidence=Evidence(source="community topic 18979", grade="recorded"),
        commands=(LOG,),
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
    ),
)
