"""Compares the layers that the compiler parsed with the predicted ones; the report can be attached to an issue."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.records import RecordError, read_json, require_object
from tasnet2hef.base.text import escaped
from tasnet2hef.compiler.stages.job import write_json
from tasnet2hef.target.graph.agreement import Agreement, compare
from tasnet2hef.target.graph.layers import HailoNet

AGREEMENT_JSON: Final = "agreement.json"
AGREEMENT_TEXT: Final = "agreement.md"
SHOWN_DIFFERENCES: Final = 200


def save_agreement(folder: Path, net: HailoNet, hn: dict[str, Any], facts: dict[str, str]) -> Agreement:
    """Compare, and save ``agreement.json`` and ``agreement.md``; ``facts`` head the report (versions, files).

    Raises:
        GraphError: the compiler's graph holds no layers.
    """
    agreement = compare(net, hn)
    write_json(folder / AGREEMENT_JSON, to_json(agreement))
    with written_beside(folder / AGREEMENT_TEXT) as part:
        part.write_text(as_text(agreement, facts), encoding="utf-8")
    return agreement


def read_hn(path: Path) -> dict[str, Any]:
    """Return the compiler's graph, saved by the translate stage.

    Raises:
        GraphError: it can't be read.
    """
    try:
        return require_object(read_json(path))
    except (OSError, RecordError) as error:
        raise GraphError(f"{path}: no graph of the compiler's: {error}; remove it, and run again") from error


def to_json(agreement: Agreement) -> dict[str, Any]:
    """Return plain JSON values."""
    return {
        "complete": agreement.complete,
        "layers": {"agreeing": agreement.layers.agreeing, "total": agreement.layers.total},
        "fields": {name: [field.agreeing, field.total] for name, field in agreement.fields.items()},
        "missing": list(agreement.missing),
        "extra": list(agreement.extra),
        "order_agrees": agreement.order_agrees,
        "differences": [
            {"layer": each.layer, "field": each.field, "predicted": each.predicted, "recorded": each.recorded}
            for each in agreement.differences
        ],
    }


def as_text(agreement: Agreement, facts: dict[str, str]) -> str:
    """Return the report as Markdown: what was run, the counts, and each difference."""
    head = ["# Predicted layers and the compiler's own", ""]
    fact_lines = [f"- {name}: {value}" for name, value in facts.items()]
    counts = [f"- {line}" for line in agreement.lines()]
    names = [
        f"- {title}: {', '.join(layers)}"
        for title, layers in (("not predicted", agreement.missing), ("predicted only", agreement.extra))
        if layers
    ]
    order = [] if agreement.order_agrees else ["- the layers are in another order"]
    differences = [f"- {each}" for each in agreement.differences[:SHOWN_DIFFERENCES]]
    left = len(agreement.differences) - SHOWN_DIFFERENCES
    more = [f"- and {left} more: agreement.json"] if left > 0 else []
    return escaped(
        "\n".join(
            [
                *head,
                *fact_lines,
                "",
                "## Agreement",
                *counts,
                *names,
                *order,
                "",
                "## Differences",
                *differences,
                *more,
                "",
            ]
        )
    )
