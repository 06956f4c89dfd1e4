"""Failures of the machine, the environment or the stage's process, in any stage."""

from __future__ import annotations

from typing import Final

from tasnet2hef.base.outcome import NO_COMPILER
from tasnet2hef.target.failures.next_commands import (
    AGAIN,
    ENVIRONMENT,
    EXPORT_SHORTER,
    LOG,
    REPORT,
)
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.known.evidence import Evidence

SIGNATURES: Final = (
    Signature(
        id="broken-environment",
        patterns=(
            r"ModuleNotFoundError|\bNo module named '",
            r"ImportError",
            r"(?:libGL|libhailo|libstdc|libpython)[\w.+-]{0,60}: cannot open shared object",
            r"symbol lookup error",
            r"undefined symbol",
            r"version `[\w.]{1,40}' not found",
        ),
        cause="a library that the compiler needs is missing or of another version",
        fix="make the environment again with the versions that the compiler's wheel requires",
        evidence=Evidence(source="public code that calls the compiler", grade="documented"),
        commands=(ENVIRONMENT,),
        machine=True,
        tells="class",
    ),
    Signature(
        id="crash",
        patterns=(
            r"^killed by SIG(?:SEGV|ABRT|BUS|FPE|ILL|TRAP|SYS)",
            r"\bSIG(?:SEGV|ABRT|BUS|FPE|ILL)\b",
            r"\([Cc]ore dumped\)|\bcore dumped\b",
            r"[Ss]egmentation fault",
            r"terminate called (?:without|after throwing an instance of '(?!std::bad_alloc))",
            r"(?:libc\+\+abi|libc\+\+|libstdc\+\+)(?:abi)?: (?:terminat|abort)\w{0,10}",
            r"(?:double free|free\(\): invalid|malloc\(\): |corrupted size|stack smashing detected)",
            r"return(?:ed|code| code|ed code)?\s?[=:]?\s?-(?:4|6|7|8|11)\b",
            r"unexpected crash|\b(?:compiler|process|tool|program) (?:has )?crashed\b",
            r"Fatal Python error: |pure virtual method called|[Ii]llegal instruction|\b[Bb]us error\b",
            r"\bexit(?:ed)? (?:with )?(?:code|status):? (?:132|134|135|136|139)\b",
            r"\b(?:by|with|received) signal:? (?:4|6|7|8|11)\b",
        ),
        cause="the vendor's program crashed in this stage: that is a defect of the compiler, which this graph or "
        "script sets off; nothing before it is lost",
        fix="report it with the log; another compiler version, or the graph cut at the layers that the log names "
        "last, may get past it (SIGILL: the processor lacks AVX, use another machine)",
        evidence=Evidence(source="the run itself: how its process ended", grade="recorded"),
        commands=(LOG, REPORT),
        tells="symptom",
    ),
    Signature(
        id="disk-full",
        patterns=(r"No space left on device", r"Disk quota exceeded"),
        cause="the disk is full",
        fix="free space in the run's folder, or give another -o; the run resumes after the last good stage",
        evidence=Evidence(source="the system's own words", grade="documented"),
        commands=(AGAIN,),
        machine=True,
    ),
    Signature(
        id="gpu-memory",
        patterns=(
            r"GPU memory has been exhausted",
            r"AccelerasResourceError",
            r"\bResourceExhaustedError",
            r"CUDA_ERROR_OUT_OF_MEMORY",
            r"OOM when allocating tensor",
        ),
        cause="the optimiser's fine-tuning needs more memory than the GPU has",
        fix="a smaller batch in the model script (post_quantization_optimization(finetune, batch_size=1)), a "
        "lower optimisation level, or CUDA_VISIBLE_DEVICES= (the processor; hours)",
        evidence=Evidence("public log (a detector at 608 x 1088, 8 GB)", "recorded"),
        commands=(AGAIN,),
        machine=True,
    ),
    Signature(
        id="interrupted",
        patterns=(r"^killed by SIG(?:KILL|TERM|INT|HUP)", r"(?:^|\n)(?:[^\n]{0,80}\d )?Killed\b"),
        cause="the stage was stopped from outside: by a person, or by the system when it ran out of memory",
        fix="run the same command again: it resumes after the last good stage; on a machine with more memory"
        " if this happens again",
        evidence=Evidence(source="the run itself: how its process ended", grade="recorded"),
        commands=(AGAIN,),
        machine=True,
    ),
    Signature(
        id="layer-class",
        patterns=(r"Unknown layer", r"deserialize failure"),
        cause="the optimiser's own layer classes are not registered with Keras",
        fix="install the TensorFlow and Keras versions that the compiler's wheel requires (2.18.0 and 3.5.0 "
        "for 3.33.0)",
        evidence=Evidence(source="public log", grade="recorded"),
        commands=(ENVIRONMENT,),
        machine=True,
    ),
    Signature(
        id="local-socket",
        patterns=(r"HailoToolsException", r"Couldn't launch Hailo tool securely"),
        cause="compile() talks to its own tool over a local socket, and was not allowed to",
        fix="run where sockets to 127.0.0.1 are allowed (no network sandbox)",
        evidence=Evidence(source="masa0810/hailo8-model@57d154c", grade="recorded"),
        commands=(AGAIN,),
        machine=True,
    ),
    Signature(
        id="native-assertion",
        patterns=(
            r"\bAssertion [`'\"][^\n]{0,400}failed",
            r"[Aa]ssertion failed",
            r"\bCheck failed: ",
            r"assert\w{0,10} fail(?:ed|ure)",
        ),
        cause="an assertion inside the vendor's compiler failed: a defect of the compiler, which the form of this "
        "graph sets off. Neither the width of rows nor the layout is known to do it",
        fix="report it with the log; try another compiler version; else change the graph where branches meet "
        "(split, concat, residual add) near the layers that the log names last. More contexts and more effort are "
        "recorded to end in the same assertion",
        evidence=Evidence("public logs (AWN, hailo8)", "recorded", version="3.33.0 and 3.34.0"),
        commands=(LOG, REPORT),
    ),
    Signature(
        id=NO_COMPILER,
        patterns=(r"No module named 'hailo_sdk_client'",),
        cause="the Hailo Dataflow Compiler is not installed in this Python",
        fix="take the run's bundle to where its compile.sh can make an environment; or install the vendor's wheel "
        "(from the vendor's developer zone) into hailo/to-hailo-env, or give the Python that has it: --python",
        evidence=Evidence(source="the interpreter's own words", grade="documented"),
        commands=(ENVIRONMENT,),
        machine=True,
    ),
    Signature(
        id="no-gpu",
        patterns=(r"No GPU chosen and no suitable GPU found",),
        cause="the optimiser uses a GPU only if less than 5 % of its memory is in use, and reduces its level "
        "without one",
        fix="set CUDA_VISIBLE_DEVICES=0 before the run",
        evidence=Evidence(source="public log", grade="recorded"),
        commands=(AGAIN,),
        machine=True,
        tells="note",
    ),
    Signature(
        id="out-of-memory",
        patterns=(r"^out of memory in", r"\bMemoryError\b", r"std::bad_alloc", r"Cannot allocate memory"),
        cause="the stage needed more memory than it was given",
        fix="a machine with more memory, fewer calibration windows, or a shorter window",
        evidence=Evidence(source="the run itself: its limit was reached", grade="recorded"),
        commands=(EXPORT_SHORTER,),
        fallback="window",
        machine=True,
    ),
    Signature(
        id="out-of-time",
        patterns=(r"^out of time in",),
        cause="the stage was stopped at its time limit",
        fix="give the stage more minutes (--timeout STAGE=MINUTES), or a smaller graph; the same limit is "
        "not tried twice",
        evidence=Evidence(source="the run itself: its limit was reached", grade="recorded"),
        commands=(LOG, EXPORT_SHORTER),
        fallback="window",
    ),
)
