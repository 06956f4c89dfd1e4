"""Facts about the HEF of a run: from the log, the HN and the HEF itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.errors import InputError
from tasnet2hef.base.supervise.log import tail
from tasnet2hef.compiler.report import HefFacts
from tasnet2hef.target.files.file_summary import FileSummary
from tasnet2hef.target.files.hef import read_hef

_WHOLE_LOG: Final = 1 << 26
_KINDS: Final = {"input_layer": "input", "output_layer": "output"}


def hef_facts(hef: Path, compiler: str, digest: str, log: Path, hn: Mapping[str, Any]) -> HefFacts:
    """Describe a new HEF; if it can't be read, from the log and the HN alone."""
    stored, unread = _read_metadata(hef)
    contexts = contexts_of(tail(log, _WHOLE_LOG))
    if contexts is None and stored is not None:
        contexts = stored.contexts
    return HefFacts(
        hef, compiler, hef.stat().st_size, digest, contexts, tuple(_inputs_and_outputs(hn)), stored, unread
    )


def _read_metadata(hef: Path) -> tuple[FileSummary | None, str]:
    try:
        return read_hef(hef), ""
    except InputError as error:
        return None, str(error)


def contexts_of(log: str) -> int | None:
    """Return how many contexts the compiler's log reports; the last match counts, as a single one is tried first.

    >>> contexts_of("Using Single-context flow\\nUsing Multi-context flow\\nFound valid partition to 4 contexts")
    4
    >>> contexts_of("") is None
    True
    """
    counts = [
        1 if match[1] is None else int(match[1])
        for match in re.finditer(r"Using Single-context flow|Found valid partition to (\d+) contexts", log)
    ]
    return counts[-1] if counts else None


def _inputs_and_outputs(hn: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "kind": _KINDS[layer["type"]],
            "name": name,
            "shape": list(layer["output_shapes"][0]),
            "original_names": list(layer.get("original_names", ())),
        }
        for name, layer in hn["layers"].items()
        if layer["type"] in _KINDS
    ]
