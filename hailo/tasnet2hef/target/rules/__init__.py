"""The compiler's limits, one file each: its check, its evidence, its fix, its good and bad examples.

A file is named after its rule's id and found by itself; `tasnet2hef rules` lists them.
"""

from tasnet2hef.target.rules.framework.finding import Finding

__all__ = ["Finding"]
