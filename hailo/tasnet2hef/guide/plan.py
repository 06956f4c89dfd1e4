"""What a run would do, and in how many minutes: nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tasnet2hef.base.agreement import BROKEN_BELOW_DB
from tasnet2hef.base.errors import AudioError
from tasnet2hef.compiler.pipeline import hailo_python
from tasnet2hef.guide import estimates
from tasnet2hef.guide.decisions import DISTIL, KEEP, decide_norms
from tasnet2hef.guide.options import GoOptions
from tasnet2hef.guide.report import PlannedStep, minutes_in_words
from tasnet2hef.guide.speech import describe_speech
from tasnet2hef.model.checkpoint import load_checkpoint
from tasnet2hef.quantize.calibration.window_draw import find_recordings
from tasnet2hef.target.known.installed import installed_compiler

EXPORT_MINUTES: Final = 0.5
"""Export and check take seconds for nets of the usual size."""


def plan(options: GoOptions) -> tuple[PlannedStep, ...]:
    """Read the model and look at the speech; return every step, with what is decided of it already.

    Raises:
        InputError: the model or the speech can't be used.
    """
    checkpoint = load_checkpoint(options.checkpoint, options.speech.settings, assume=options.speech.assume)
    spec = checkpoint.spec
    decision = decide_norms(spec, distil=options.distil)
    try:
        speech = describe_speech(options.speech_folder, spec.n_src, options.speech.speakers)
    except AudioError as error:
        if decision.choice != KEEP:
            raise
        recordings, _ = find_recordings(options.speech_folder)
        speech = f"{len(recordings)} recordings; 8 bits by agreement with float ({error})"
    pace = estimates.seconds_per_second(checkpoint.reference(), options.speech.seconds) / 60
    training = minutes_in_words(pace * estimates.audio_of_norms(DISTIL, options))
    frozen = "" if decision.choice in (KEEP, DISTIL) else f"; --distil trains instead, for at most {training}"
    python, _ = hailo_python(options.compiling.python)
    compiler = installed_compiler(python)
    search = "no search" if options.search is False else "the search for 16-bit layers only where more are lost"
    texts: Mapping[str, tuple[str, float | None]] = {
        "model": (f"{checkpoint.format}, {spec.n_src} sources, {spec.sample_rate} Hz", 0.0),
        "speech": (speech, pace * estimates.audio_of_speech(options)),
        "norms": (f"{decision.reason}{frozen}", pace * estimates.audio_of_norms(decision.choice, options)),
        "form": ("the form with the fewest contexts and layers", EXPORT_MINUTES),
        "export": (f"windows of {options.seconds:g} s, proved equal", EXPORT_MINUTES),
        "check": (f"for {options.compiling.hardware}", 0.0),
        "calibrate": (f"{options.windows} windows", pace * estimates.audio_of_calibration(options)),
        "simulate": (
            f"8 bits; stops below {BROKEN_BELOW_DB:.0f} dB of agreement; {search}",
            pace * estimates.audio_of_simulation(options),
        ),
        "search": ("for layers in 16 bits, where needed", pace * estimates.audio_of_search(spec, options)),
        "compile": (f"by {compiler}", None) if compiler else ("no compiler here: a bundle", EXPORT_MINUTES),
    }
    steps = (PlannedStep(name, what, minutes) for name, (what, minutes) in texts.items())
    return tuple(step for step in steps if step.name != "search" or options.search is not False)
