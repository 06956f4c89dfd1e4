"""What the compiler really parsed, against what was predicted: saved as a report that can be sent in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from tasnet2hef.compiler.stages.job import write_json
from tasnet2hef.target.graph.agreement import Agreement, compare
from tasnet2hef.target.graph.layers import HailoNet

SHOWN_DIFFERENCES: Final = 200


def save_agreement(folder: Path, net: HailoNet, hn: dict[str, Any], facts: dict[str, str]) -> Agreement:
    """Compare, and save ``agreement.json`` and ``agreement.md``; ``facts`` head the report (versions, files).

    Raises:
        GraphError: the compiler's graph holds no layers.
    """
    found = compare(net, hn)
    write_json(folder / "agreement.json", to_json(found))
    (folder / "agreement.md").write_text(as_text(found, facts), encoding="utf-8")
    return found


def read_hn(path: Path) -> dict[str, Any]:
    """Return the compiler's graph, saved by the translate stage."""
    hn: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return hn


def to_json(found: Agreement) -> dict[str, Any]:
    """Return plain JSON values."""
    return {
        "complete": found.complete,
        "layers": {"agreeing": found.layers.agreeing, "total": found.layers.total},
        "fields": {name: [field.agreeing, field.total] for name, field in found.fields.items()},
        "missing": list(found.missing),
        "extra": list(found.extra),
        "order_agrees": found.order_agrees,
        "differences": [
            {"layer": each.layer, "field": each.field, "predicted": each.predicted, "recorded": each.recorded}
            for each in found.differences
        ],
    }


def as_text(found: Agreement, facts: dict[str, str]) -> str:
    """Return the report as Markdown: what was run, the counts, and each difference."""
    head = ["# Predicted layers and the compiler's own", ""]
    told = [f"- {name}: {value}" for name, value in facts.items()]
    counts = [f"- {line}" for line in found.lines()]
    names = [
        f"- {title}: {', '.join(layers)}"
        for title, layers in (("not predicted", found.missing), ("predicted only", found.extra))
        if layers
    ]
    order = [] if found.order_agrees else ["- the layers are in another order"]
    differences = [f"- {each}" for each in found.differences[:SHOWN_DIFFERENCES]]
    left = len(found.differences) - SHOWN_DIFFERENCES
    more = [f"- and {left} more: agreement.json"] if left > 0 else []
    return "\n".join(
        [*head, *told, "", "## Agreement", *counts, *names, *order, "", "## Differences", *differences, *more, ""]
    )
