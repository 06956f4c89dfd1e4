"""Conv-TasNet checkpoints to Hailo accelerators: export, preflight, separation.

``load``, ``convert``, ``check`` and ``separate`` are what most programs need. They are imported when first used:
``import tasnet2hef`` alone loads neither torch nor onnx.
"""

from tasnet2hef.base.version import __version__

TYPE_CHECKING = False  # typing itself takes longer than all that is here
if TYPE_CHECKING:
    from tasnet2hef.api import check, convert, load, separate
    from tasnet2hef.base.errors import Tasnet2HefError
else:

    def __getattr__(name):
        """Import a public name when it is first used (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        module = "base.errors" if name == "Tasnet2HefError" else "api"
        return getattr(import_module(f"tasnet2hef.{module}"), name)

    def __dir__():
        """Return the public names, whether they were used or not."""
        return __all__


__all__ = ["Tasnet2HefError", "__version__", "check", "convert", "load", "separate"]
