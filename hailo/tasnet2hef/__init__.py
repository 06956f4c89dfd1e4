"""Conv-TasNet checkpoints to Hailo accelerators: export, preflight, separation.

``load``, ``convert``, ``check`` and ``separate`` are what most programs need. They are imported when first used:
``import tasnet2hef`` alone loads neither torch nor onnx.
"""

from typing import TYPE_CHECKING

from tasnet2hef.base.errors import Tasnet2HefError
from tasnet2hef.base.version import __version__

if TYPE_CHECKING:
    from tasnet2hef.api import check, convert, load, separate
else:

    def __getattr__(name):
        """Import a public function when it is first used (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from tasnet2hef import api

        return getattr(api, name)

    def __dir__():
        """Return the public names, whether they were used or not."""
        return __all__


__all__ = ["Tasnet2HefError", "__version__", "check", "convert", "load", "separate"]
