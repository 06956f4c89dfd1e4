"""One file a page, found by its name; each has a ``PATH`` below ``docs`` and a function ``text``."""
