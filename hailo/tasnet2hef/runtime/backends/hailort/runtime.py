"""The vendor's runtime package: found, loaded, and what version it is."""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import Any, Final

from tasnet2hef.runtime.backends.hailort.explain import explained

PACKAGE: Final = "hailo_platform"
DISTRIBUTION: Final = "hailort"


def load_runtime(where: str) -> Any:
    """Import ``hailo_platform``; ``where`` begins the message if that fails.

    Raises:
        DeviceError: it is not installed, or does not load.
    """
    with explained(where):
        return importlib.import_module(PACKAGE)


def runtime_version(runtime: Any) -> str:
    """Return the runtime's version by its package, else by its installed wheel; empty where neither tells."""
    told = getattr(runtime, "__version__", "")
    if told:
        return str(told)
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return ""


def has_infer_model(runtime: Any) -> bool:
    """Tell whether the runtime has InferModel: from 4.18 on, and the only way on 5.x (recorded)."""
    return hasattr(runtime.VDevice, "create_infer_model")
