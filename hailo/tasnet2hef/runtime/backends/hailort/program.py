"""A HEF that is loaded on a device: buffers in, buffers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from tasnet2hef.runtime.backends.hailort.stream_format import Codes, Quantisation, Stream

BorderKind = Literal["float", "quantised"]


@dataclass(frozen=True)
class RunOptions:
    """How a device is used.

    ``borders``: ``float`` has the runtime convert, ``quantised`` the host (for buses that are the bottleneck).
    """

    borders: BorderKind = "float"
    timeout_ms: int = 10_000
    """Most milliseconds that one window may take; a window of audio lasts about 2,000."""

    def type_name(self, stream: Stream) -> str:
        """Return the runtime's name (``FormatType``) of the type that a stream's buffers have."""
        return "FLOAT32" if self.borders == "float" else stream.code_type.upper()


class Program(Protocol):
    """One HEF, ready to run. Buffers go by the streams' own names, C-contiguous and of the streams' shapes."""

    def quantisation(self, stream: Stream, *, is_input: bool) -> Quantisation:
        """Return what a stream's codes mean."""

    def run(self, inputs: Mapping[str, Codes], outputs: Mapping[str, Codes]) -> None:
        """Run one window: read ``inputs``, fill ``outputs``."""
