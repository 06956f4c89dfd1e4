"""The type of audio in memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Float samples, full scale +-1; the docstring of each use gives the axes."""
