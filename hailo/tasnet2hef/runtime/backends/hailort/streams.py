"""Finds each stream of a HEF among the ports of its record: by name, and checked by shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from tasnet2hef.base.errors import DeviceError
from tasnet2hef.base.graph_contract import INPUT_NAME, output_names
from tasnet2hef.runtime.backends.hailort.sidecar import HefSidecar, Port
from tasnet2hef.runtime.backends.hailort.stream_format import Stream

ROW_MAJOR_ORDERS: Final = ("NHWC", "FCR")
"""Orders in which features lie side by side, column by column, row by row; inferred from their names."""
CODE_TYPES: Final = {"UINT8": "uint8", "UINT16": "uint16", "FLOAT32": "float32"}


def find_streams(hef: Any, record: HefSidecar, where: str) -> tuple[tuple[Stream, ...], tuple[Stream, ...]]:
    """Return a HEF's inputs and outputs in the order of its record.

    Raises:
        DeviceError: a stream belongs to no port, a port has none, or shapes or orders differ.
    """
    origins = hef.get_original_names_from_vstream_name
    pairs = (
        (record.inputs, hef.get_input_vstream_infos()),
        (record.outputs, hef.get_output_vstream_infos()),
    )
    inputs, outputs = (_match(ports, infos, origins, record, where) for ports, infos in pairs)
    return inputs, outputs


def _match(
    ports: Sequence[Port],
    infos: Sequence[Any],
    origins: Callable[[str], Sequence[str]],
    record: HefSidecar,
    where: str,
) -> tuple[Stream, ...]:
    if len(ports) != len(infos):
        raise DeviceError(
            f"{where}: found {len(infos)} streams {_told(infos)}, expected {len(ports)} "
            f"({', '.join(port.name for port in ports)}), as its record says; take the HEF's own record along"
        )
    found = {info.name: _namesakes(ports, info, {str(info.name), *map(str, origins(info.name))}) for info in infos}
    if not any(found.values()) and _order_is_enough(ports, record):
        pairs = list(zip(ports, infos, strict=True))
    else:
        pairs = [(_only(ports, info, found[info.name], where), info) for info in infos]
    if len({port.name for port, _ in pairs}) < len(ports):
        raise DeviceError(
            f"{where}: found streams {_told(infos)} that share a port, expected one for each of "
            f"{', '.join(port.name for port in ports)}; compile again with `tasnet2hef compile`"
        )
    made = {port.name: _stream(port, info, where) for port, info in pairs}
    return tuple(made[port.name] for port in ports)


def _only(ports: Sequence[Port], info: Any, found: Sequence[Port], where: str) -> Port:
    if len(found) != 1:
        raise DeviceError(
            f"{where}: stream {info.name}: found {len(found)} ports that go by its names, expected 1 of "
            f"{', '.join(port.name for port in ports)}; compile again with `tasnet2hef compile`, which keeps them"
        )
    return found[0]


def _order_is_enough(ports: Sequence[Port], record: HefSidecar) -> bool:
    """Tell whether ports may go by order where a HEF holds no names: sources swapped are sources still."""
    return {port.name for port in ports} <= {INPUT_NAME, *output_names(record.contract.spec.n_src)}


def _namesakes(ports: Sequence[Port], info: Any, names: set[str]) -> list[Port]:
    """Return the ports that go by a stream's names: by their own, else by their readers'.

    A layer can read two ports: then the shape decides between them.
    """
    found = [port for port in ports if names & set(port.origins)]
    found = found or [port for port in ports if names & set(port.readers)]
    return found if len(found) < 2 else [port for port in found if port.shape == _shape(info)] or found


def _shape(info: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in info.shape)


def _stream(port: Port, info: Any, where: str) -> Stream:
    shape = _shape(info)
    if shape != port.shape:
        raise DeviceError(
            f"{where}: stream {info.name}: found shape {list(shape)}, expected {list(port.shape)} (rows, columns, "
            f"features) for {port.name}; compile the graph that the record describes"
        )
    order, code_type = info.format.order.name, CODE_TYPES.get(info.format.type.name)
    if order not in ROW_MAJOR_ORDERS or code_type is None:
        raise DeviceError(
            f"{where}: stream {info.name}: found format {info.format.type.name} in order {order}, expected "
            f"{', '.join(CODE_TYPES)} in {' or '.join(ROW_MAJOR_ORDERS)}; compile again without format conversions"
        )
    return Stream(port.name, str(info.name), port.shape, code_type)


def _told(infos: Sequence[Any]) -> str:
    return ", ".join(str(info.name) for info in infos)
