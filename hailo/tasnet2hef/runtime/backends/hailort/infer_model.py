"""A HEF through InferModel: HailoRT 4.18 and later, and the only way on 5.x (Hailo-10H, Hailo-15).

Recorded: ``create_infer_model``'s second parameter is ``network_name`` in 4.18 and ``name`` in 4.23, so it is left
out; ``run`` has no ``timeout_ms``; streams are UINT8 unless another type is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tasnet2hef.runtime.backends.hailort.explain import explained
from tasnet2hef.runtime.backends.hailort.program import RunOptions
from tasnet2hef.runtime.backends.hailort.stream_format import Codes, Quantisation, Stream


class InferModelProgram:
    """Runs asynchronously, so that every wait has an end. Closed by the stack that it is given.

    Raises:
        DeviceError: the runtime refuses the HEF, or a window takes too long.
    """

    def __init__(
        self,
        runtime: Any,
        device: Any,
        hef: Path,
        streams: tuple[Sequence[Stream], Sequence[Stream]],
        options: RunOptions,
        stack: ExitStack,
    ) -> None:
        self._where, self._timeout_ms = str(hef), options.timeout_ms
        inputs, outputs = streams
        with explained(self._where):
            self._model = device.create_infer_model(str(hef))
            for find, group in ((self._model.input, inputs), (self._model.output, outputs)):
                for stream in group:
                    wanted = getattr(runtime.FormatType, options.type_name(stream))
                    find(stream.name).set_format_type(wanted)
            self._configured = stack.enter_context(self._model.configure())
            self._bindings = self._configured.create_bindings()

    def quantisation(self, stream: Stream, *, is_input: bool) -> Quantisation:
        """Return what a stream's codes mean."""
        find = self._model.input if is_input else self._model.output
        return Quantisation.of(find(stream.name).quant_infos)

    def run(self, inputs: Mapping[str, Codes], outputs: Mapping[str, Codes]) -> None:
        """Run one window on the caller's own buffers."""
        with explained(self._where):
            for name, buffer in inputs.items():
                self._bindings.input(name).set_buffer(buffer)
            for name, buffer in outputs.items():
                self._bindings.output(name).set_buffer(buffer)
            self._configured.wait_for_async_ready(timeout_ms=self._timeout_ms, frames_count=1)
            self._configured.run_async([self._bindings]).wait(self._timeout_ms)
