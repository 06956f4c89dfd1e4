"""Matches each stream of a HEF with a port of its sidecar: by name, and checked by shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from tasnet2hef.base.errors import DeviceError
from tasnet2hef.base.graph_contract import INPUT_NAME, output_names
from tasnet2hef.runtime.backends.hailort.sidecar import HefSidecar, Port
from tasnet2hef.runtime.backends.hailort.stream_format import HefStreams, Stream

ROW_MAJOR_ORDERS: Final = ("NHWC", "FCR", "F8CR")
"""Orders that are ``[N, H, W, C]`` on the host (hailort.h): features side by side, then columns, then rows."""
CODE_TYPES: Final = {"UINT8": "uint8", "UINT16": "uint16", "FLOAT32": "float32"}


def find_streams(hef: Any, sidecar: HefSidecar, where: str) -> HefStreams:
    """Return a HEF's inputs and outputs in the order of its sidecar.

    Raises:
        DeviceError: a stream belongs to no port, a port has none, or shapes or orders differ.
    """
    origins = hef.get_original_names_from_vstream_name
    pairs = (
        (sidecar.inputs, hef.get_input_vstream_infos()),
        (sidecar.outputs, hef.get_output_vstream_infos()),
    )
    return HefStreams(*(_match(ports, infos, origins, sidecar, where) for ports, infos in pairs))


def _match(
    ports: Sequence[Port],
    infos: Sequence[Any],
    origins: Callable[[str], Sequence[str]],
    sidecar: HefSidecar,
    where: str,
) -> tuple[Stream, ...]:
    if len(ports) != len(infos):
        raise DeviceError(
            f"{where}: found {len(infos)} streams {_names(infos)}, expected {len(ports)} "
            f"({', '.join(port.name for port in ports)}), as its sidecar says; copy the HEF's own sidecar as well"
        )
    namesakes = {
        info.name: _namesakes(ports, info, {str(info.name), *map(str, origins(info.name))}) for info in infos
    }
    if not any(namesakes.values()) and _order_is_enough(ports, sidecar):
        pairs = list(zip(ports, infos, strict=True))
    else:
        pairs = [(_only(ports, info, namesakes[info.name], where), info) for info in infos]
    if len({port.name for port, _ in pairs}) < len(ports):
        raise DeviceError(
            f"{where}: found streams {_names(infos)} that share a port, expected one for each of "
            f"{', '.join(port.name for port in ports)}; compile again with `tasnet2hef compile`"
        )
    streams = {port.name: _stream(port, info, where) for port, info in pairs}
    return tuple(streams[port.name] for port in ports)


def _only(ports: Sequence[Port], info: Any, namesakes: Sequence[Port], where: str) -> Port:
    if len(namesakes) != 1:
        raise DeviceError(
            f"{where}: stream {info.name}: found {len(namesakes)} ports with its names, expected 1 of "
            f"{', '.join(port.name for port in ports)}; compile again with `tasnet2hef compile`, which keeps them"
        )
    return namesakes[0]


def _order_is_enough(ports: Sequence[Port], sidecar: HefSidecar) -> bool:
    """Return whether streams may be matched by order where a HEF has no names: at worst, sources are swapped."""
    return {port.name for port in ports} <= {INPUT_NAME, *output_names(sidecar.contract.spec.n_src)}


def _namesakes(ports: Sequence[Port], info: Any, names: set[str]) -> list[Port]:
    """Return the ports that share a name with a stream: a name of their own, else one of their readers.

    A layer can read two ports: then the shape decides between them.
    """
    namesakes = [port for port in ports if names & set(port.origins)]
    namesakes = namesakes or [port for port in ports if names & set(port.readers)]
    if len(namesakes) < 2:
        return namesakes
    return [port for port in namesakes if port.shape == _shape(info)] or namesakes


def _shape(info: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in info.shape)


def _stream(port: Port, info: Any, where: str) -> Stream:
    shape = _shape(info)
    if shape != port.shape:
        raise DeviceError(
            f"{where}: stream {info.name}: found shape {list(shape)}, expected {list(port.shape)} (rows, columns, "
            f"features) for {port.name}; compile the graph that the sidecar describes"
        )
    order, code_type = info.format.order.name, CODE_TYPES.get(info.format.type.name)
    if order not in ROW_MAJOR_ORDERS or code_type is None:
        raise DeviceError(
            f"{where}: stream {info.name}: found format {info.format.type.name} in order {order}, expected "
            f"{', '.join(CODE_TYPES)} in {' or '.join(ROW_MAJOR_ORDERS)}; compile again without format conversions"
        )
    return Stream(port.name, str(info.name), port.shape, code_type)


def _names(infos: Sequence[Any]) -> str:
    return ", ".join(str(info.name) for info in infos)
