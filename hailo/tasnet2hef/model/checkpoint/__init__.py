"""From a trained Conv-TasNet, in any of the formats found in the wild, to a spec and its weights.

``containers/`` turns a location into plain values (one file per kind of file), ``layouts/`` finds a Conv-TasNet
in them (one file per naming of the weights); both are discovered. ``resolve.py`` completes and checks the result.
"""

from tasnet2hef.model.checkpoint.checkpoint import Checkpoint
from tasnet2hef.model.checkpoint.load import from_module, load_checkpoint

__all__ = ["Checkpoint", "from_module", "load_checkpoint"]
