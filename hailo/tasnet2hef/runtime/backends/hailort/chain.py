"""The files that make up one net on a device: its HEF or those of its segments, and the host's parts around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tasnet2hef.base.errors import DeviceError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.runtime.backends.hailort.sidecar import HefSidecar, Shape, read_sidecar
from tasnet2hef.runtime.backends.hailort.stream_format import HefStreams, Stream
from tasnet2hef.runtime.backends.host_part import HostEnds
from tasnet2hef.runtime.backends.segment_checks import SegmentChecks
from tasnet2hef.runtime.backends.segment_names import is_chip_part

HEFS: Final = SegmentChecks(DeviceError, "compile all segments of one export")
PARTS: Final = SegmentChecks(DeviceError, "copy the HEF and the host's parts of one export together")


@dataclass(frozen=True)
class Chain:
    """HEFs with their sidecars in the order in which they run, and the host's parts; None without them."""

    hefs: tuple[Path, ...]
    sidecars: tuple[HefSidecar, ...]
    ends: HostEnds | None = None


def read_chain(path: Path, threads: int | None = None) -> Chain:
    """Return the files of the net that a HEF is, or belongs to; ``threads`` are the host's.

    Raises:
        DeviceError: a HEF or its sidecar is missing, or of a different export.
        GraphError: the host's encoder or decoder is missing, or can't be run.
    """
    chosen = read_sidecar(path)
    contract = chosen.contract
    if contract.ends == "host":
        _require_chip_part(path, contract)
        return Chain((path,), (chosen,), HostEnds(path, contract, PARTS, threads))
    if contract.segments == 1:
        return Chain((path,), (chosen,))
    paths = HEFS.sibling_paths(path, contract)
    sidecars = tuple(read_sidecar(each) for each in paths)
    HEFS.require_one_export(paths, [sidecar.contract for sidecar in sidecars], contract)
    return Chain(paths, sidecars)


def require_chain(chain: Chain, streams: Sequence[HefStreams]) -> None:
    """Check that the inputs of later segments or parts are outputs of earlier ones, in the same shape."""
    ends, checks = chain.ends, HEFS if chain.ends is None else PARTS
    available = _shapes(streams[0].inputs) if ends is None else dict(ends.encoder.outputs)
    for path, each in zip(chain.hefs, streams, strict=True):
        checks.require_inputs(path, _shapes(each.inputs), available)
        available |= _shapes(each.outputs)
    if ends is not None:
        checks.require_inputs(ends.decoder.path, ends.decoder.inputs, available)


def _require_chip_part(path: Path, contract: GraphContract) -> None:
    if not is_chip_part(contract):
        raise DeviceError(
            f"{path}: found the HEF of a part that runs on the host, expected that of the chip part; compile "
            "NAME.chip_part.onnx"
        )


def _shapes(streams: Sequence[Stream]) -> dict[str, Shape]:
    return {stream.port: stream.shape for stream in streams}
