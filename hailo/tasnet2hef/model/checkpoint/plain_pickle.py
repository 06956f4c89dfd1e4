"""Reads a pickle as plain data: no class of it is imported and nothing is called.

A pickle is a program that builds objects by calling what it names. This reader executes its stack operations
alone. Names stay names, and an object of any class becomes an ``Inert``: what it was made from, without its code.
A few classes that only hold data (ordered mappings, paths, NumPy scalars) become the plain values that they hold.
Opcodes: the standard library's ``pickletools``, which parses them and their arguments.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final

import numpy as np

MODULE_PARTS: Final = ("_parameters", "_buffers", "_modules")
"""What a pickled network keeps its parameters, buffers and inner networks in (``torch/nn/modules/module.py``)."""

_KEY_TYPES = (str, int, float, bytes, type(None))
_ARRAYS = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")


class PickleError(ValueError):
    """The bytes are no pickle, or one that is damaged or uses operations that saved data has no need of."""


@dataclass(frozen=True)
class Name:
    """A class or function by its module and name, not imported."""

    path: str


@dataclass(eq=False, repr=False)
class Inert:
    """An object of a class that was not imported."""

    path: str
    """Module and name of the class or function that would have made it."""
    arguments: tuple[Any, ...] = ()
    state: Any = None
    """What its ``__setstate__`` or its attributes would have been given."""
    items: dict[Any, Any] = field(default_factory=dict)
    """What would have been set by key."""

    def __repr__(self) -> str:
        """Return the class: what it holds may nest without end."""
        return f"<{self.path}>"

    def attributes(self) -> dict[str, Any]:
        """Return attributes and items by name; of a configuration node (omegaconf), its content."""
        parts = self.state if isinstance(self.state, tuple) else (self.state,)
        named = {name_of(k): v for part in parts if isinstance(part, Mapping) for k, v in part.items()}
        content = named.get("_content")
        if isinstance(content, Mapping):
            named = {name_of(key): _node_value(value) for key, value in content.items()}
        return {**named, **{name_of(key): value for key, value in self.items.items()}}

    @property
    def is_module(self) -> bool:
        """Whether this was a network: a torch module with parameters and inner modules."""
        return all(part in self.attributes() for part in MODULE_PARTS)


Build = Callable[[tuple[Any, ...]], Any]


def name_of(key: Any) -> str:
    """Return a mapping's key as a name. Python refuses to write an integer of thousands of digits."""
    return hex(key) if isinstance(key, int) and key.bit_length() > 64 else str(key)


def read_pickle(
    stream: IO[bytes],
    builders: Mapping[str, Build] | None = None,
    persistent: Callable[[Any], Any] | None = None,
) -> Any:
    """Read one pickle from ``stream``, which is left behind its end.

    ``builders`` make values in place of calls by the path of what would be called; ``persistent`` resolves what
    the file keeps outside the pickle.

    Raises:
        PickleError: see the class.
    """
    machine = _Machine({**_BUILDERS, **(builders or {})}, persistent or (lambda reference: Inert("persistent")))
    try:
        return machine.run(stream)
    except PickleError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise PickleError(f"{type(error).__name__}: {error}") from error


def _node_value(node: Any) -> Any:
    """Return what a leaf of a configuration holds; a node that holds nodes stays one, for ``walk`` to open."""
    state = node.state if isinstance(node, Inert) else None
    return state.get("_val", node) if isinstance(state, Mapping) else node


class _Mark:
    pass


_MARK = _Mark()


class _Machine:
    """The pickle machine's stack and memo."""

    def __init__(self, builders: Mapping[str, Build], persistent: Callable[[Any], Any]) -> None:
        self._builders, self._persistent = builders, persistent
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._read = self._copied = 0
        """Bytes of the pickle, and values that were copied to make others of them."""

    def run(self, stream: IO[bytes]) -> Any:
        start = stream.tell()
        for opcode, argument, position in pickletools.genops(stream):
            self._read = (position or start) - start
            if opcode.name == "STOP":
                return self._pop()
            step = getattr(self, f"_{opcode.name.lower()}", None)
            if step is not None:
                step(argument)
            elif opcode.name in _CONSTANTS:
                self._stack.append(argument)
            elif opcode.name not in _WITHOUT_EFFECT:
                raise PickleError(f"opcode {opcode.name}")
        raise PickleError("no end")

    def _pop(self, _: Any = None) -> Any:
        value = self._stack.pop()
        if value is _MARK:
            raise PickleError("a mark where a value is due")
        return value

    def _pop_mark(self, _: Any = None) -> list[Any]:
        place = len(self._stack) - 1
        while self._stack[place] is not _MARK:  # IndexError: no mark
            place -= 1
        values = self._stack[place + 1 :]
        del self._stack[place:]
        return values

    def _mark(self, _: Any) -> None:
        self._stack.append(_MARK)

    def _dup(self, _: Any) -> None:
        self._stack.append(self._stack[-1])

    def _none(self, _: Any) -> None:
        self._stack.append(None)

    def _newtrue(self, _: Any) -> None:
        self._stack.append(True)

    def _newfalse(self, _: Any) -> None:
        self._stack.append(False)

    def _empty_list(self, _: Any) -> None:
        self._stack.append([])

    _empty_set = _empty_list

    def _empty_tuple(self, _: Any) -> None:
        self._stack.append(())

    def _empty_dict(self, _: Any) -> None:
        self._stack.append({})

    def _list(self, _: Any) -> None:
        self._stack.append(self._pop_mark())

    _frozenset = _list

    def _tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._pop_mark()))

    def _take_tuple(self, count: int) -> None:
        values = tuple(self._pop() for _ in range(count))
        self._stack.append(values[::-1])

    def _tuple1(self, _: Any) -> None:
        self._take_tuple(1)

    def _tuple2(self, _: Any) -> None:
        self._take_tuple(2)

    def _tuple3(self, _: Any) -> None:
        self._take_tuple(3)

    def _dict(self, _: Any) -> None:
        values = self._pop_mark()
        self._stack.append({})
        self._set_items(values)

    def _append(self, _: Any) -> None:
        self._extend([self._pop()])

    def _appends(self, _: Any) -> None:
        self._extend(self._pop_mark())

    _additems = _appends

    def _extend(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, list):
            target.extend(values)
        elif isinstance(target, Inert):
            target.items.update(enumerate(values, start=len(target.items)))

    def _setitem(self, _: Any) -> None:
        value, key = self._pop(), self._pop()
        self._set_items([key, value])

    def _setitems(self, _: Any) -> None:
        self._set_items(self._pop_mark())

    def _set_items(self, values: list[Any]) -> None:
        target = self._stack[-1]
        items = target.items if isinstance(target, Inert) else target
        if not isinstance(items, dict) or len(values) % 2:
            raise PickleError("items for what is no mapping")
        for key, value in zip(values[::2], values[1::2], strict=True):
            # A nested tuple's hash could exhaust the C stack: any other key gets a name of its own.
            items[key if isinstance(key, _KEY_TYPES) else Inert("key", (key,))] = value

    def _put(self, argument: Any) -> None:
        self._memo[int(argument)] = self._stack[-1]

    _binput = _long_binput = _put

    def _memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _get(self, argument: Any) -> None:
        self._stack.append(self._memo[int(argument)])

    _binget = _long_binget = _get

    def _global(self, argument: str) -> None:
        self._stack.append(Name(argument.replace(" ", ".")))

    def _stack_global(self, _: Any) -> None:
        name, module = self._pop(), self._pop()
        self._stack.append(Name(f"{module}.{name}"))

    def _inst(self, argument: str) -> None:
        self._stack.append(self._made(Name(argument.replace(" ", ".")), tuple(self._pop_mark())))

    def _obj(self, _: Any) -> None:
        maker, *arguments = self._pop_mark()
        self._stack.append(self._made(maker, tuple(arguments)))

    def _newobj(self, _: Any) -> None:
        arguments, maker = self._pop(), self._pop()
        self._stack.append(self._made(maker, arguments))

    _reduce = _newobj

    def _newobj_ex(self, _: Any) -> None:
        self._pop()
        self._newobj(None)

    def _made(self, maker: Any, arguments: Any) -> Any:
        path = maker.path if isinstance(maker, (Name, Inert)) else type(maker).__name__
        arguments = arguments if isinstance(arguments, tuple) else (arguments,)
        if path in _RECONSTRUCTORS and arguments and isinstance(arguments[0], Name):
            path, arguments = arguments[0].path, arguments[1:]
        build = self._builders.get(path)
        if build is None:
            return Inert(path, arguments)
        self._copy(arguments)
        return build(arguments)

    def _copy(self, values: tuple[Any, ...]) -> None:
        """Limit what is copied: a few bytes can name one long value again and again, or double it each time."""
        self._copied += sum(len(each) for each in values if isinstance(each, (Sequence, Mapping)))
        if self._copied > _MOST_COPIES * (self._read + _LEAST_COPIES):
            raise PickleError("the same values, copied again and again")

    def _build(self, _: Any) -> None:
        state = self._pop()
        target = self._stack[-1]
        if isinstance(target, Inert):
            target.state = state
            if target.path in _ARRAYS and isinstance(state, tuple) and len(state) == 5:
                _, shape, kind, is_column_major, data = state
                self._copy((data,))
                self._stack[-1] = _as_array((data, kind, shape, "F" if is_column_major else "C"))

    def _binpersid(self, _: Any) -> None:
        self._stack.append(self._persistent(self._pop()))

    def _persid(self, argument: Any) -> None:
        self._stack.append(self._persistent(argument))


_MOST_COPIES, _LEAST_COPIES = 16, 2**20
_RECONSTRUCTORS = ("copyreg._reconstructor", "copy_reg._reconstructor", "copyreg.__newobj__")
_WITHOUT_EFFECT = ("PROTO", "FRAME")
_CONSTANTS = frozenset(
    [
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
        "LONG4",
        "FLOAT",
        "BINFLOAT",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "UNICODE",
        "BINUNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE8",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
    ]
)


def _as_dict(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    """Return the mapping that an ordered or default mapping is made from: pairs, a mapping or nothing."""
    source = next((each for each in arguments if isinstance(each, (dict, list, tuple))), {})
    pairs = source.items() if isinstance(source, dict) else source
    return {key: value for key, value in pairs if isinstance(key, _KEY_TYPES)}


def _as_list(arguments: tuple[Any, ...]) -> list[Any]:
    return list(arguments[0]) if arguments and isinstance(arguments[0], (list, tuple)) else []


def _as_path(arguments: tuple[Any, ...]) -> str:
    first, *rest = [str(part) for part in arguments] or [""]
    return first.rstrip("/" if rest else "") + "".join(f"/{part.strip('/')}" for part in rest) if rest else first


def _as_bytes(arguments: tuple[Any, ...]) -> bytes:
    text = arguments[0] if arguments else ""
    return text.encode("latin1") if isinstance(text, str) else bytes(text)


def _as_array(arguments: tuple[Any, ...]) -> Any:
    """Return a NumPy array of numbers: its bytes, type, shape and order."""
    data, kind, shape, order = arguments
    dtype = _number_type(kind)
    if dtype is None or not isinstance(data, (bytes, bytearray)):
        return Inert("numpy.ndarray", arguments)
    numbers = np.frombuffer(bytearray(data), dtype).astype(dtype.newbyteorder("="), copy=False)
    return numbers.reshape(shape, order="F" if order == "F" else "C")


def _as_number(arguments: tuple[Any, ...]) -> Any:
    """Return a NumPy scalar: its type and its bytes."""
    kind, data = arguments
    dtype = _number_type(kind)
    if dtype is None or not isinstance(data, bytes):
        return Inert("numpy.scalar", arguments)
    return np.frombuffer(data, dtype)[0].item()


def _number_type(kind: Any) -> np.dtype[Any] | None:
    """Return the type of numbers that a pickled ``numpy.dtype`` is; None for objects and texts."""
    code = str(kind.arguments[0]) if isinstance(kind, Inert) and kind.arguments else ""
    if not re.fullmatch(r"[biufc]\d{1,2}", code):
        return None
    is_big = isinstance(kind.state, tuple) and kind.state[1:2] == (">",)
    return np.dtype(code).newbyteorder(">" if is_big else "<")


def _only(arguments: tuple[Any, ...]) -> Any:
    return arguments[0] if arguments else None


def _each(build: Build, *paths: str) -> dict[str, Build]:
    return dict.fromkeys(paths, build)


_BUILDERS: Mapping[str, Build] = {
    **_each(
        _as_dict,
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.Counter",
        "builtins.dict",
        "__builtin__.dict",
    ),
    **_each(_as_list, *(f"{module}.{name}" for module in ("builtins", "__builtin__") for name in ("set", "list"))),
    **_each(
        _as_path,
        *(
            f"{module}.{name}"
            for module in ("pathlib", "pathlib._local")
            for name in ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")
        ),
    ),
    **_each(_as_bytes, "_codecs.encode", "builtins.bytes", "__builtin__.bytes"),
    **_each(_as_number, "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"),
    **_each(_as_array, "numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer"),
    **_each(_only, "torch.torch_version.TorchVersion", "torch.device", "builtins.bytearray"),
    "torch.Size": lambda arguments: tuple(_as_list(arguments)),
}
