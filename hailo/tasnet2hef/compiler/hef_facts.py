"""Facts about a HEF that a run made: from the log, from the HN and from the HEF itself."""

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
_ENDS: Final = {"input_layer": "input", "output_layer": "output"}


def hef_facts(hef: Path, compiler: str, digest: str, log: Path, hn: Mapping[str, Any]) -> HefFacts:
    """Describe a HEF that was just made; one that can't be read is described from its log and its HN alone."""
    stored, unread = _stored(hef)
    contexts = contexts_of(tail(log, _WHOLE_LOG))
    if contexts is None and stored is not None:
        contexts = stored.contexts
    return HefFacts(hef, compiler, hef.stat().st_size, digest, contexts, tuple(_ends(hn)), stored, unread)


def _stored(hef: Path) -> tuple[FileSummary | None, str]:
    try:
        return read_hef(hef), ""
    except InputError as error:
        return None, str(error)


def contexts_of(log: str) -> int | None:
    """Return how many contexts the compiler's log reports; the last match counts: it tries a single one first.

    >>> contexts_of("Using Single-context flow\\nUsing Multi-context flow\\nFound valid partition to 4 contexts")
    4
    >>> contexts_of("") is None
    True
    """
    counts = [
        1 if found[1] is None else int(found[1])
        for found in re.finditer(r"Using Single-context flow|Found valid partition to (\d+) contexts", log)
    ]
    return counts[-1] if counts else None


def _ends(hn: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "kind": _ENDS[layer["type"]],
            "name": name,
            "shape": list(layer["output_shapes"][0]),
            "original_names": list(layer.get("original_names", ())),
        }
        for name, layer in hn["layers"].items()
        if layer["type"] in _ENDS
    ]
