"""Conv-TasNet checkpoints to Hailo accelerators: export, preflight, separation."""

from tasnet2hef.base.version import __version__

__all__ = ["__version__"]
