"""Renders a run's facts as one HTML file that needs no network and no second file."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.text import counted, escaped
from tasnet2hef.report import charts, theme
from tasnet2hef.report.facts import MARK, PAGE_NAME, RunFacts
from tasnet2hef.report.glossary import Prose
from tasnet2hef.report.graph_picture import picture_of, shape_text, worst_levels
from tasnet2hef.report.key_figures import key_figures
from tasnet2hef.report.next_step import next_step, standing_of
from tasnet2hef.report.pipeline_rows import calls, pipeline_rows
from tasnet2hef.report.players import players_of
from tasnet2hef.report.verdict import verdict_of
from tasnet2hef.target.check import FindingGroup, group_findings
from tasnet2hef.target.rules.framework.finding import Finding

if TYPE_CHECKING:
    from jinja2 import Template

_Part = TypeVar("_Part")
_TEMPLATES: Final = "templates"
_SECTIONS: Final = (
    ("audio", "audio", "Listen"),
    ("findings", "check", "Findings"),
    ("graph", "check", "Predicted net"),
    ("cost", "check", "Cost"),
    ("simulate", "simulate", "8 bits"),
    ("compile", "compile", "Compile"),
    ("export", "export", "Export"),
    ("pipeline", "", "Steps"),
    ("reproduce", "", "Reproduce"),
)
"""Sections in their order: template, the step without which there is none, title."""


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
    """Return the page; all text from files is escaped."""
    from jinja2 import UndefinedError

    values = _values(facts)
    try:
        return _from_facts(facts, "the page", lambda: template("page.html").render(values))
    except UndefinedError as error:
        raise _facts_error(facts, "the page", error) from error


@functools.cache
def template(name: str) -> Template:
    """Return a template of the ``templates`` folder."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("tasnet2hef.report", _TEMPLATES),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(counted=counted, shape=shape_text)
    return environment.get_template(name)


def head_values() -> dict[str, Any]:
    """Return the variables of the head of every page: its style, its colours and who made it."""
    from markupsafe import Markup

    themes = {"light": theme.LIGHT, "dark": theme.DARK}
    return {"style": Markup(_text_of("page.css")), "themes": themes, "made_by": MARK.text}


def _text_of(name: str) -> str:
    return (resources.files("tasnet2hef.report") / _TEMPLATES / name).read_text(encoding="utf-8")


def _shown(value: Any) -> Any:
    """Return what a template prints of a value; text from files has no control characters."""
    is_text = isinstance(value, (str, PurePath)) and not hasattr(value, "__html__")
    return escaped(str(value)) if is_text else value


def _values(facts: RunFacts) -> dict[str, Any]:
    """Return the variables of the templates."""
    from markupsafe import Markup

    script = _text_of("graph.js")
    parts = {
        "verdict": _from_facts(facts, "verdict", lambda: verdict_of(facts)),
        "pipeline": _from_facts(facts, "pipeline", lambda: pipeline_rows(facts)),
        "export": facts.result("export"),
        "check": _part(facts, "check", _check_values),
        "simulate": _part(facts, "simulate", _simulation_values),
        "compiled": facts.result("compile"),
        "audio": _part(facts, "audio", lambda result: players_of(result, facts.folder)),
    }
    return {
        **parts,
        **head_values(),
        "facts": facts,
        "next": _from_facts(facts, "the next step", lambda: next_step(standing_of(facts))),
        "key_figures": _from_facts(facts, "the key figures", lambda: key_figures(facts)),
        "sections": [(part, title) for part, step, title in _SECTIONS if not step or step in facts.steps],
        "prose": Prose(),
        "calls": _from_facts(facts, "the list of commands", lambda: calls(facts)),
        "can_draw": charts.can_draw(),
        "script": Markup(script),
        "svg": Markup,
        "script_hash": f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
    }


def _part(facts: RunFacts, step: str, make: Callable[[Mapping[str, Any]], _Part]) -> _Part | None:
    result = facts.result(step)
    return None if result is None else _from_facts(facts, step, lambda: make(result))


def _from_facts(facts: RunFacts, what: str, make: Callable[[], _Part]) -> _Part:
    """Make a part of the page; the facts may have been edited by hand."""
    try:
        return make()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise _facts_error(facts, what, error) from error


def _facts_error(facts: RunFacts, what: str, error: Exception) -> OptionError:
    return OptionError(
        f"{facts.folder}: its facts don't hold what {what} needs ({type(error).__name__}: {error}); run the "
        "steps again"
    )


def _check_values(result: Mapping[str, Any]) -> dict[str, Any]:
    levels = worst_levels(result)
    marked = [levels.get(layer["name"]) in ("error", "warning") for layer in result["layers"]]
    return {
        "result": result,
        "findings": _findings(result),
        "graph": picture_of(result),
        "levels": levels,
        "costs": charts.draw_costs(result["layers"], marked) if charts.can_draw() else "",
    }


def _findings(result: Mapping[str, Any]) -> list[tuple[FindingGroup, list[str]]]:
    """Return a check's findings in groups, each with the compiler's own words on record from its source."""
    findings = [Finding(**{**each, "nodes": tuple(each["nodes"])}) for each in result["findings"]]
    return [(group, _quotes(group.first, result["evidence"])) for group in group_findings(findings)]


def _quotes(finding: Finding, evidence: Mapping[str, Any]) -> list[str]:
    proofs = [proof for proof in evidence.get(finding.rule, ()) if finding.source.startswith(proof["source"])]
    return [proof["words"] for proof in proofs if proof["words"]]


def _simulation_values(result: Mapping[str, Any]) -> dict[str, Any]:
    known = any(layer["loss_alone_db"] is not None for layer in result["layers"])
    score = "agreement_db" if result["window_si_sdr_db"]["float"] is None else "si_sdr_db"
    unit = "agreement with float" if score == "agreement_db" else "SI-SDR"
    return {
        "result": result,
        "unit": unit,
        "worst": list(result["layers"])[: charts.WORST] if known else [],
        "losses": charts.draw_losses(result["layers"], unit) if known and charts.can_draw() else "",
        "frontier": charts.draw_frontier(result["frontier"], score, unit)
        if result["frontier"] and charts.can_draw()
        else "",
    }
