"""The JSON keys of every command, generated from what the commands print on a small example."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from scripts.pages.markdown import table
from scripts.pages.sandbox import RUNS, json_of_every_command, prepare

PATH: Final = "reference/json.md"

_HEAD: Final = """# JSON

`--json` makes each command print one object on stdout, at its end. If it fails, the object has `error` and `exit`,
beside the command's own keys where there was a result that was then refused:

```json
{
  "error": {
    "where": "clip.wav",
    "found": "8000 Hz",
    "expected": "at least the model's 16000 Hz",
    "do": "give other recordings",
    "message": "clip.wav: found 8000 Hz, expected at least the model's 16000 Hz; give other recordings"
  },
  "exit": 2
}
```

`message` is the line on stderr; a part that it does not have is null. So are told a wrong command line, a bug (70)
and a command that was stopped (130, 143, 129). With exit code 3, not compiled, the object is the result's alone.

The keys below are those that each command printed when this page was built. `[]`: for each element of a list;
`*`: the key is a name (of a layer, a file, a stage). Keys can be added within a major version; none is removed.
Values that were null or empty in the example are marked.
"""
_NAMES: Final = 6
"""More keys than this, with values of one kind, are names rather than fields."""


def text() -> str:
    """Return the page."""
    with tempfile.TemporaryDirectory() as folder:
        printed = json_of_every_command(prepare(Path(folder)))
    parts = [_HEAD]
    for name, content in printed.items():
        command = " ".join(["tasnet2hef", name, *RUNS[name], "--json"])
        parts += [f"## {name}", f"`{command}`", table(("key", "value"), keys_of(content))]
    return "\n\n".join(parts) + "\n"


def keys_of(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Return each key below ``value`` with the kind of its value, in the order of first appearance.

    >>> keys_of({"a": 1, "b": [{"c": None}, {"c": "x", "d": 0.5}]})
    [('`a`', 'integer'), ('`b[].c`', 'null or text'), ('`b[].d`', 'number')]
    """
    kinds: dict[str, list[str]] = {}
    for key, kind in _leaves(value, path):
        seen = kinds.setdefault(key, [])
        if kind not in seen:
            seen.append(kind)
    return [(f"`{key}`", " or ".join(seen)) for key, seen in kinds.items()]


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            name = "*" if _is_mapping(value) else key
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        if all(not isinstance(each, dict | list) for each in value):
            yield path, f"list of {_kind(value[0])}"
        else:
            for each in value:
                yield from _leaves(each, f"{path}[]")
    else:
        yield path, _kind(value)


def _is_mapping(value: dict[str, Any]) -> bool:
    """Return whether the keys are names: some are no identifiers, or many have values of one kind."""
    odd = any(not key.isidentifier() for key in value)
    return odd or (len(value) > _NAMES and len({_shape(inner) for inner in value.values()}) == 1)


def _shape(value: Any) -> str:
    return ",".join(sorted(value)) if isinstance(value, dict) else _kind(value)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "true or false", int: "integer", float: "number", str: "text", list: "list, empty here"}
    return names.get(type(value), "object, empty here")
