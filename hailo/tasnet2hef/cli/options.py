"""Parses ``NAME=VALUE`` settings."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tasnet2hef.base.errors import OptionError


def parse_settings(settings: Sequence[str]) -> dict[str, object]:
    """Parse ``NAME=VALUE`` pairs; a value that is no JSON is text.

    >>> parse_settings(["n_src=2", "mask_act=relu", "causal=true"])
    {'n_src': 2, 'mask_act': 'relu', 'causal': True}
    """
    parsed: dict[str, object] = {}
    for setting in settings:
        name, separator, text = setting.partition("=")
        if not separator or not name:
            raise OptionError(f"--set: found {setting!r}, expected NAME=VALUE, for example n_blocks=8")
        try:
            parsed[name.strip()] = json.loads(text.lower() if text in ("True", "False", "None") else text)
        except ValueError:
            parsed[name.strip()] = text.strip()
    return {name: (None if value == "none" else value) for name, value in parsed.items()}
