"""A point's row: the figures that its products hold, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tasnet2hef.base.agreement import Verdict, expected_loss_db, verdict_of_loss
from tasnet2hef.explore.planner import Keys
from tasnet2hef.explore.point import SIXTEEN_BITS, Point
from tasnet2hef.explore.product import Product

RowOutcome = Literal["measured", "refused", "failed"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A point with its figures.

    ``outcome``: ``refused`` points can't be built, ``failed`` ones were lost and are tried again by the next run;
    ``reason`` says why. ``float_lost_db`` and ``lost_db`` are the SI-SDR that is lost against the original on the
    held-out mixtures, in float and at the point's precision. ``contexts`` are those likely [inferred], of all
    programs together. ``held_bytes`` are maps that are held whole. ``latency_ms`` is the algorithm's own.
    """

    number: int
    point: Point
    outcome: RowOutcome
    reason: str = ""
    float_lost_db: float | None = None
    lost_db: float | None = None
    layers: int | None = None
    contexts: int | None = None
    programs: int = 1
    widest_row: int | None = None
    held_bytes: int | None = None
    weights: int | None = None
    mmacs_per_second: float | None = None
    latency_ms: float | None = None
    sixteen_bit: int | None = None
    """Layers in 16 bits that a search chose."""
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    compiled: Mapping[str, Any] | None = None
    """What the vendor's compiler made of it; None: it was not asked."""

    @property
    def verdict(self) -> Verdict | None:
        """The verdict on what it loses; None where that was not measured."""
        return None if self.lost_db is None else verdict_of_loss(self.lost_db)

    @property
    def is_candidate(self) -> bool:
        """Whether it may go on the chip: it was measured, and nothing in it is known to be refused."""
        failed = self.compiled is not None and self.compiled["outcome"] != "done"
        return self.outcome == "measured" and not self.errors and self.lost_db is not None and not failed

    @property
    def contexts_known(self) -> int:
        """Contexts of the HEF where it was compiled, else those likely."""
        compiled = None if self.compiled is None else self.compiled["contexts"]
        return int(compiled if compiled is not None else self.contexts or 0)


def row_of(
    number: int, point: Point, keys: Keys, products: Mapping[str, Product], failures: Mapping[str, str]
) -> Row:
    """Return the row of a point; ``products`` and ``failures`` are those of the run, by key."""
    for key in keys.chain:
        if key in failures:
            return Row(number=number, point=point, outcome="failed", reason=failures[key])
        if products[key].refused:
            return Row(number=number, point=point, outcome="refused", reason=products[key].refused)
    checked = products[keys.check].record
    scores = products[keys.scores].record if keys.scores else {}
    original_db = products[keys.original].record["si_sdr_db"] if keys.original else None
    return Row(
        number=number,
        point=point,
        outcome="measured",
        float_lost_db=_lost_db(original_db, scores.get("float")),
        lost_db=_lost_db(original_db, scores.get(point.precision)),
        layers=checked["layers"],
        contexts=checked["contexts"].get(point.precision, checked["contexts"][SIXTEEN_BITS]),
        programs=checked["programs"],
        widest_row=checked["widest_row"],
        held_bytes=checked["held_bytes"],
        weights=checked["weights"],
        mmacs_per_second=checked["mmacs_per_second"],
        latency_ms=products[keys.twin].record["latency_ms"],
        sixteen_bit=len(scores["sixteen_bit"]) if "sixteen_bit" in scores else None,
        errors=tuple(checked["errors"]),
        warnings=tuple(checked["warnings"]),
    )


def _lost_db(original_db: float | None, figure_db: float | None) -> float | None:
    """Return the SI-SDR lost; without true sources the figure is agreement with the original."""
    if figure_db is None:
        return None
    return round(expected_loss_db(figure_db) if original_db is None else original_db - figure_db, 3)
