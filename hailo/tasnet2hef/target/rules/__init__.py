"""The compiler's limits, one file each: its check, its evidence, its fix, its good and bad examples.

A file is named after its rule's id and discovered in this folder; `tasnet2hef rules` lists them. The parts of a
rule are imported from this package.
"""

from tasnet2hef.target.known.evidence import Evidence
from tasnet2hef.target.rules.framework.context import RuleContext
from tasnet2hef.target.rules.framework.finding import Finding, Level
from tasnet2hef.target.rules.framework.rule import Rule
from tasnet2hef.target.rules.framework.sketch import GraphSketch

__all__ = ["Evidence", "Finding", "GraphSketch", "Level", "Rule", "RuleContext"]
