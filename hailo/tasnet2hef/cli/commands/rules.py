"""``tasnet2hef rules``: the compiler's limits that `check` knows, with their evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.markup import escape
from rich.table import Table

from tasnet2hef.cli import show
from tasnet2hef.cli.options import JsonOption

if TYPE_CHECKING:
    from tasnet2hef.target.rules.framework.rule import Rule


def command(
    rule_id: str | None = typer.Argument(None, metavar="[ID]", help="A rule to explain; default: list all."),
    json_output: JsonOption = False,
) -> None:
    """List what `check` looks for, or explain one rule: its evidence, the compiler's own words, its fix.

    Example: `tasnet2hef rules row-too-wide`
    """
    from tasnet2hef.target.rules.framework.discovery import all_rules, find_rule

    if rule_id is None:
        _list(all_rules(), json_output)
        return
    rule = find_rule(rule_id)
    if json_output:
        show.print_json(rule.to_json())
        return
    _explain(rule)


def _list(rules: tuple[Rule, ...], json_output: bool) -> None:
    if json_output:
        show.print_json({"rules": [rule.to_json() for rule in rules]})
        return
    made = _left_table(f"{len(rules)} rules", ("rule", "at most", "stage", "grade", "what it says"))
    for rule in rules:
        made.add_row(rule.id, rule.level, rule.stage, rule.evidence[0].grade, escape(rule.title))
    show.console().print(made)


def _explain(rule: Rule) -> None:
    console = show.console()
    console.print(f"{rule.id}: {rule.title}", style="bold", markup=False)
    console.print(f"level {rule.level} at most, stage {rule.stage}", markup=False)
    console.print(" ".join((rule.check.__doc__ or "").split()), markup=False)
    evidence = _left_table("Evidence", ("grade", "source", "the compiler's own words"))
    for proof in rule.evidence:
        evidence.add_row(proof.grade, escape(proof.citation), escape(proof.words))
    console.print(evidence)
    console.print(f"fix: {rule.fix}", markup=False)
    told = rule.to_json()
    examples = _left_table("Examples, which are the rule's tests", ("", "graph"))
    for verdict, texts in (("found", told["bad"]), ("not found", told["good"])):
        for text in texts:
            examples.add_row(verdict, escape(text))
    console.print(examples)


def _left_table(title: str, columns: tuple[str, ...]) -> Table:
    made = Table(title=escape(title), title_justify="left", title_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
