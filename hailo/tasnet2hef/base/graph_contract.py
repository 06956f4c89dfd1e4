"""What the host must know to run an exported graph, in the ONNX file's metadata: no second file is needed."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tasnet2hef.base.errors import GraphError, OptionError
from tasnet2hef.base.host_ends import PARTS
from tasnet2hef.base.records import RecordError, parse_json, require_object, shown
from tasnet2hef.base.spec import (
    TasNetSpec,
    require_bool,
    require_choice,
    require_int,
    require_number,
    require_text,
)
from tasnet2hef.base.version import __version__

if TYPE_CHECKING:
    import onnx

METADATA_KEY: Final = "tasnet2hef"
INPUT_NAME: Final = "frames"
LAYOUTS: Final = ("tall", "wide")
STREAMS: Final = (1, 2, 4, 8)
NORM_FORMS: Final = ("exact", "frame", "folded")
RESIDUALS: Final = ("separate", "joint")
ENDS: Final = ("chip", "host")
_MOST_FRAMES: Final = 2**24
_MOST_SAMPLES: Final = 2**28
"""Of a window: 93 minutes at 48 kHz, 1 GB of floats."""
_MOST_SEGMENTS: Final = 1000
_LOUDEST: Final = 1e6


def output_names(n_src: int) -> tuple[str, ...]:
    """Return the names of the graph's outputs.

    >>> output_names(2)
    ('source_1', 'source_2')
    """
    return tuple(f"source_{number}" for number in range(1, n_src + 1))


def metadata_of(model: onnx.ModelProto) -> dict[str, str]:
    """Return a graph's ``metadata_props`` by key."""
    return {entry.key: entry.value for entry in model.metadata_props}


def state_name(block: int) -> str:
    """Return the name of the input that holds a block's past rows; its output is ``tcn_03/next_state``.

    >>> state_name(3)
    'tcn_03/state'
    """
    return f"tcn_{block:02d}/state"


@dataclass(frozen=True, kw_only=True)
class GraphContract:
    """Which network a graph computes, in which form, and how to feed it.

    The input holds one window of ``rows`` rows of ``stride`` samples: ``[1, stride, rows, 1]`` when tall (time on
    H), ``[1, stride, 1, rows]`` when wide (time on W). In the device's NHWC memory both are the waveform itself.
    A tall graph may hold several windows side by side, one a column: ``[1, stride, rows, streams]``. Each output
    has the input's shape and holds one source.
    """

    spec: TasNetSpec
    window_frames: int
    """Frames T of a window, after the encoder."""
    norm: str
    """How the norms are computed: ``exact``, ``frame`` or ``folded``."""
    layout: str = "tall"
    residual: str = "separate"
    """``separate`` or ``joint`` residual and skip convolutions."""
    streams: int = 1
    """Windows side by side in the columns; columns never mix."""
    stateful: bool = False
    """The window is a chunk of a stream, and each depthwise convolution's past rows are inputs and outputs."""
    input_level_dbfs: float | None = None
    """Speech level to which the host scales the input, undone on the output; None: the input is not scaled."""
    decoder_bias: float = 0.0
    """Constant in every sample of the output; a stream of chunks adds overlapping rows and must count it once."""
    segment: int = 1
    """Number of this segment, from 1; a whole graph is the only one."""
    segments: int = 1
    """Segments that the graph was cut into; they run one after the other."""
    segment_of: str = ""
    """Digest of the whole graph's weights; empty for a whole graph."""
    ends: str = "chip"
    """Where encoder and decoders run. ``host``: the segments are the three parts of ``base/host_ends.py``."""
    version: str = __version__
    """Version of tasnet2hef that exported the graph."""

    def __post_init__(self) -> None:
        """Check types and ranges: a contract is read from a file that anybody may have written.

        Raises:
            OptionError: a value has the wrong type or range.
        """
        require_int("window_frames", self.window_frames, at_least=1)
        require_choice("norm", self.norm, NORM_FORMS)
        require_choice("layout", self.layout, LAYOUTS)
        require_choice("residual", self.residual, RESIDUALS)
        if isinstance(self.streams, bool) or self.streams not in STREAMS:
            raise OptionError(f"streams: found {shown(self.streams)}, expected one of {STREAMS}")
        require_bool("stateful", self.stateful)
        if self.input_level_dbfs is not None:
            require_number("input_level_dbfs", self.input_level_dbfs, -200, 200)
        require_number("decoder_bias", self.decoder_bias, -_LOUDEST, _LOUDEST)
        require_int("segments", self.segments, at_least=1)
        require_int("segment", self.segment, at_least=1)
        if not self.segment <= self.segments <= _MOST_SEGMENTS:
            found = f"{shown(self.segment)} of {shown(self.segments)}"
            raise OptionError(f"segment: found {found}, expected at most {_MOST_SEGMENTS}")
        require_text("segment_of", self.segment_of)
        require_choice("ends", self.ends, ENDS)
        self._require_ends()
        require_text("version", self.version)
        samples = self.window_frames * self.spec.stride
        if self.window_frames > _MOST_FRAMES or samples > _MOST_SAMPLES:
            raise OptionError(
                f"window_frames: found {shown(self.window_frames)} of {self.spec.stride} samples, expected at "
                f"most {_MOST_FRAMES:,} frames and {_MOST_SAMPLES:,} samples"
            )

    def _require_ends(self) -> None:
        """Check that a graph with its ends on the host is one of three parts of a plain graph of windows."""
        if self.ends == "chip":
            return
        if self.segments != len(PARTS):
            raise OptionError(
                f"segments: found {shown(self.segments)} with ends on the host, expected {len(PARTS)}"
            )
        if self.stateful or self.streams != 1 or self.layout != "tall":
            found = f"layout {self.layout}, {self.streams} streams, stateful {self.stateful}"
            raise OptionError(f"ends on the host: found {found}, expected tall windows of one stream")

    @property
    def rows(self) -> int:
        """Rows of ``stride`` samples in the input: T + m - 1."""
        return self.window_frames + self.spec.phases - 1

    @property
    def window_samples(self) -> int:
        """Samples of the clip in one window (one column), without the zeros that the original pads."""
        return self.spec.window_samples(self.window_frames)

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """Shape of the graph's input and of each output, NCHW."""
        stride = self.spec.stride
        return (1, stride, self.rows, self.streams) if self.layout == "tall" else (1, stride, 1, self.rows)

    @property
    def state_shapes(self) -> dict[str, tuple[int, int, int, int]]:
        """Inputs that hold past rows, by name: ``[1, H, (P - 1) d, 1]`` each; empty for a graph of windows."""
        spec = self.spec
        rows = [(spec.conv_kernel_size - 1) * dilation for dilation in spec.dilations] if self.stateful else []
        return {state_name(index): (1, spec.hid_chan, each, 1) for index, each in enumerate(rows)}

    @property
    def state_values(self) -> int:
        """State values that are read, and written, with every chunk; a byte each at 8 bits."""
        return sum(math.prod(shape) for shape in self.state_shapes.values())

    @property
    def next_state_names(self) -> tuple[str, ...]:
        """Outputs that hold the past rows of the next chunk, in the order of the inputs."""
        return tuple(name.replace("/state", "/next_state") for name in self.state_shapes)

    def to_json(self) -> str:
        """Return the text that is stored in the ONNX file's metadata; ``ends`` only where they are on the host."""
        fields = {**dataclasses.asdict(self), "window_samples": self.window_samples}
        if self.ends == "chip":  # so that the files of all other exports stay as they were
            del fields["ends"]
        return json.dumps(fields, sort_keys=True)

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], where: str) -> GraphContract:
        """Return the contract in a graph's metadata.

        Raises:
            GraphError: the graph was not exported by tasnet2hef, or its metadata is damaged.
        """
        if METADATA_KEY not in metadata:
            raise GraphError(
                f"{where}: found no {METADATA_KEY} metadata, so its window and sample rate are unknown; "
                "export it with convtasnet_to_onnx.py"
            )
        try:
            fields = require_object(parse_json(metadata[METADATA_KEY]))
            spec = require_object(fields.get("spec"))
            contract = cls(**{**_known(cls, fields), "spec": TasNetSpec(**_known(TasNetSpec, spec))})
            if not contract.stateful and not contract.window_samples:
                raise OptionError(f"window_frames: found {contract.window_frames}, which no clip makes")
        except (RecordError, TypeError, OptionError) as error:  # TypeError: a field is missing
            raise GraphError(
                f"{where}: its {METADATA_KEY} metadata is damaged ({error}); export the graph again"
            ) from error
        return contract


def _known(kind: type, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that a dataclass has: later versions may write more."""
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in fields.items() if name in names}
