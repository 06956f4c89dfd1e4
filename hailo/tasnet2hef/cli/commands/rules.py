"""``tasnet2hef rules``: the compiler's limits that `check` knows, with their evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from tasnet2hef.cli import show
from tasnet2hef.cli.options import JsonOption, VerboseOption

if TYPE_CHECKING:
    from tasnet2hef.target.rules.framework.rule import Rule


def command(
    rule_id: str | None = typer.Argument(None, metavar="[ID]", help="A rule to explain; default: list all."),
    verbose: VerboseOption = False,
    json_output: JsonOption = False,
) -> None:
    """List what `check` looks for, or explain one rule: its evidence, the compiler's own words, its fix.

    Example:

    `tasnet2hef rules row-too-wide`
    """
    show.set_verbose(verbose)
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
    columns = ("rule", "at most", "stage", "grade", "what it reports")
    rows = [(rule.id, rule.level, rule.stage, rule.evidence[0].grade, rule.title) for rule in rules]
    show.text_table(f"{len(rules)} rules", columns, rows)


def _explain(rule: Rule) -> None:
    console = show.console()
    console.print(f"{rule.id}: {rule.title}", style="bold", markup=False)
    console.print(f"level {rule.level} at most, stage {rule.stage}", markup=False)
    console.print(" ".join((rule.check.__doc__ or "").split()), markup=False)
    evidence = [(proof.grade, proof.citation, proof.words) for proof in rule.evidence]
    columns = ("grade", "source", "the compiler's own words")
    show.text_table("Evidence", columns, evidence)
    console.print(f"fix: {rule.fix}", markup=False)
    rule_json = rule.to_json()
    examples = [("found", text) for text in rule_json["bad"]] + [("not found", text) for text in rule_json["good"]]
    show.text_table("Examples, which are the rule's tests", ("", "graph"), examples)
