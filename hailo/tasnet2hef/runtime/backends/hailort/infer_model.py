"""A HEF through InferModel: HailoRT 4.18 and later, and the only interface on 5.x (Hailo-10H, Hailo-15).

Recorded: ``create_infer_model``'s second parameter is ``network_name`` in 4.18 and ``name`` in 4.23, so it is left
out; ``run`` has no ``timeout_ms``; streams are UINT8 unless a different type is requested.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasnet2hef.base.errors import DeviceRunError
from tasnet2hef.runtime.backends.hailort.device import OpenDevice
from tasnet2hef.runtime.backends.hailort.explain import device_error, explained
from tasnet2hef.runtime.backends.hailort.program import RunOptions
from tasnet2hef.runtime.backends.hailort.stream_format import Codes, HefStreams, Quantisation, Stream


class InferModelProgram:
    """Runs asynchronously, so that every wait has a timeout. Closed by the device's stack.

    Raises:
        DeviceError: the runtime refuses the HEF.
        DeviceRunError: a window failed, or takes too long.
    """

    def __init__(self, on: OpenDevice, hef: Path, streams: HefStreams, options: RunOptions) -> None:
        self._where, self._timeout_ms = str(hef), options.timeout_ms
        with explained(self._where):
            self._model = on.device.create_infer_model(str(hef))
            for find, group in ((self._model.input, streams.inputs), (self._model.output, streams.outputs)):
                for stream in group:
                    format_type = getattr(on.runtime.FormatType, options.type_name(stream))
                    find(stream.name).set_format_type(format_type)
            self._configured = on.stack.enter_context(self._model.configure())
            self._bindings = self._configured.create_bindings()

    def quantisation(self, stream: Stream, *, is_input: bool) -> Quantisation:
        """Return the scale and zero point of a stream's codes."""
        find = self._model.input if is_input else self._model.output
        return Quantisation.from_infos(find(stream.name).quant_infos, f"{self._where}: {stream.name}")

    def run(self, inputs: Mapping[str, Codes], outputs: Mapping[str, Codes]) -> None:
        """Run one window on the caller's own buffers."""
        with explained(self._where, DeviceRunError):
            for name, buffer in inputs.items():
                self._bindings.input(name).set_buffer(buffer)
            for name, buffer in outputs.items():
                self._bindings.output(name).set_buffer(buffer)
            self._configured.wait_for_async_ready(timeout_ms=self._timeout_ms, frames_count=1)
            end = _End()
            self._configured.run_async([self._bindings], end.note).wait(self._timeout_ms)
        if end.failure is not None:
            raise device_error(end.failure, self._where, DeviceRunError) from end.failure


class _End:
    """How a job ended: ``wait`` says only that it did, within its time; the callback alone is told of a failure.

    Source: ``AsyncInferJobImpl::wait`` of HailoRT 4.18 to 5.2; tried on 4.23.0 with failing transfers, whose
    buffers held silence or a constant.
    """

    def __init__(self) -> None:
        self.failure: BaseException | None = None

    def note(self, completion_info: Any) -> None:
        """Keep the failure; the runtime calls this by keyword, before ``wait`` returns."""
        self.failure = completion_info.exception
