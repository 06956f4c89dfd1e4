"""One file per page, discovered; each has a ``PATH`` below ``docs`` and a function ``text``."""
