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
    show.heading(f"{len(rules)} rules")
    for rule in rules:
        show.line(f"  {rule.id}: {rule.title}")
        if show.is_verbose():
            show.paragraph(f"{rule.level} at most, stage {rule.stage}, {rule.evidence[0].grade}", indent=6)
    show.next_command(
        f"tasnet2hef rules {rules[0].id}", "what a rule looks for, where that is known from, its fix"
    )


def _explain(rule: Rule) -> None:
    show.heading(f"{rule.id}: {rule.title}")
    show.paragraph(" ".join((rule.check.__doc__ or "").split()))
    show.facts([("level", f"{rule.level} at most, stage {rule.stage}"), ("fix", rule.fix)])
    evidence = [(proof.grade, proof.citation, proof.words) for proof in rule.evidence]
    columns = ("grade", "source", "the compiler's own words")
    show.text_table("Evidence", columns, evidence)
    rule_json = rule.to_json()
    examples = [("found", text) for text in rule_json["bad"]] + [("not found", text) for text in rule_json["good"]]
    show.text_table("Examples, which are the rule's tests", ("", "graph"), examples)
