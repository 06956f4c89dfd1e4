"""The words for results: ``Outcome``, how work ended, and ``Status``, what an examination found."""

from __future__ import annotations

from typing import Final, Literal

Outcome = Literal["done", "failed", "refused", "not compiled", "interrupted"]
"""How work ended.

``refused``: not begun, because a check found errors. ``not compiled``: everything was prepared, but no compiler is
installed. ``interrupted``: stopped from outside before its end.
"""

DONE: Final = "done"
FAILED: Final = "failed"
REFUSED: Final = "refused"
NOT_COMPILED: Final = "not compiled"
INTERRUPTED: Final = "interrupted"

NO_COMPILER: Final = "no-compiler"
"""Id of the failure that ends as `not compiled`: this Python is without the compiler."""

Status = Literal["ok", "warning", "error", "missing", "not run"]
"""What an examination found.

``missing``: what was to be examined is not there; ``not run``: it was not examined.
"""

OK: Final = "ok"
WARNING: Final = "warning"
ERROR: Final = "error"
MISSING: Final = "missing"
NOT_RUN: Final = "not run"
