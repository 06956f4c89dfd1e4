"""Renders a run's facts as one HTML file that needs no network and no second file."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.report import charts, theme
from tasnet2hef.report.calls import calls
from tasnet2hef.report.facts import PAGE_NAME, RunFacts
from tasnet2hef.report.finding_groups import finding_rows
from tasnet2hef.report.graph_picture import picture_of, shape_text, worst_levels
from tasnet2hef.report.pipeline_rows import command_for, pipeline_rows
from tasnet2hef.report.players import players_of
from tasnet2hef.report.verdict import counted, verdict_of

if TYPE_CHECKING:
    from jinja2 import Template

_Made = TypeVar("_Made")
_TEMPLATES: Final = "templates"


def write_page(facts: RunFacts) -> Path:
    """Write the page into the run's report folder.

    Raises:
        OptionError: the facts lack what the page needs, or the page can't be written.
    """
    text = render(facts)
    path = facts.folder / PAGE_NAME
    with written_beside(path) as part:
        part.write_text(text, encoding="utf-8")
    return path


def render(facts: RunFacts) -> str:
    """Return the page; whatever comes from a file is escaped."""
    from jinja2 import UndefinedError

    values = _values(facts)
    try:
        return _sure(facts, "the page", lambda: _template().render(values))
    except UndefinedError as error:
        raise _lacking(facts, "the page", error) from error


@functools.cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        loader=PackageLoader("tasnet2hef.report", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(counted=counted, shape=shape_text)
    return templates.get_template("page.html")


def _values(facts: RunFacts) -> dict[str, Any]:
    """Gather what the templates show."""
    from markupsafe import Markup

    script = (resources.files("tasnet2hef.report") / _TEMPLATES / "graph.js").read_text(encoding="utf-8")
    style = (resources.files("tasnet2hef.report") / _TEMPLATES / "page.css").read_text(encoding="utf-8")
    made = {
        "verdict": _sure(facts, "verdict", lambda: verdict_of(facts)),
        "pipeline": _sure(facts, "pipeline", lambda: pipeline_rows(facts)),
        "export": facts.told("export"),
        "check": _of(facts, "check", lambda told: _check_values(told)),
        "simulation": _of(facts, "simulation", lambda told: _simulation_values(told)),
        "compiled": facts.told("compile"),
        "audio": _of(facts, "audio", lambda told: players_of(told, facts.folder)),
    }
    return {
        **made,
        "facts": facts,
        "calls": _sure(facts, "the list of commands", lambda: calls(facts)),
        "can_draw": charts.can_draw(),
        "themes": {"light": theme.LIGHT, "dark": theme.DARK},
        "command_for": lambda stage: command_for(stage, f"{facts.name}.onnx"),
        "script": Markup(script),
        "style": Markup(style),
        "svg": Markup,
        "script_hash": f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
    }


def _of(facts: RunFacts, stage: str, make: Callable[[Mapping[str, Any]], _Made]) -> _Made | None:
    told = facts.told(stage)
    return None if told is None else _sure(facts, stage, lambda: make(told))


def _sure(facts: RunFacts, what: str, make: Callable[[], _Made]) -> _Made:
    """Make a part of the page from facts, which a hand may have changed since."""
    try:
        return make()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise _lacking(facts, what, error) from error


def _lacking(facts: RunFacts, what: str, error: Exception) -> OptionError:
    return OptionError(
        f"{facts.folder}: its facts don't hold what {what} needs ({type(error).__name__}: {error}); run the "
        "stages again"
    )


def _check_values(told: Mapping[str, Any]) -> dict[str, Any]:
    levels = worst_levels(told)
    marked = [levels.get(layer["name"]) in ("error", "warning") for layer in told["layers"]]
    return {
        "told": told,
        "findings": finding_rows(told),
        "graph": picture_of(told),
        "levels": levels,
        "costs": charts.draw_costs(told["layers"], marked) if charts.can_draw() else "",
    }


def _simulation_values(told: Mapping[str, Any]) -> dict[str, Any]:
    known = any(layer["loss_alone_db"] is not None for layer in told["layers"])
    score = "agreement_db" if told["window_si_sdr_db"]["float"] is None else "si_sdr_db"
    unit = "agreement with float" if score == "agreement_db" else "SI-SDR"
    return {
        "told": told,
        "unit": unit,
        "worst": list(told["layers"])[: charts.WORST] if known else [],
        "damage": charts.draw_damage(told["layers"], unit) if known and charts.can_draw() else "",
        "frontier": charts.draw_frontier(told["frontier"], score, unit)
        if told["frontier"] and charts.can_draw()
        else "",
    }
