"""Finds the rules: every module of the ``rules`` folder holds one, as ``RULE``."""

from __future__ import annotations

from functools import lru_cache

from tasnet2hef.base.discovery import modules_of
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.text import nearest
from tasnet2hef.target import rules
from tasnet2hef.target.rules.framework.rule import Rule


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of their ids."""
    return tuple(module.RULE for module in modules_of(rules))


def find_rule(rule_id: str) -> Rule:
    """Return the rule called `rule_id`; raise OptionError when there is none."""
    known = {rule.id: rule for rule in all_rules()}
    if rule_id not in known:
        hint = nearest(rule_id, known) or "list them with tasnet2hef rules"
        raise OptionError(f"rule: found {rule_id!r}, expected the id of one of the {len(known)} rules; {hint}")
    return known[rule_id]
