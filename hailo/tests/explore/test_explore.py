"""Whole studies: the figures, what is kept, what survives, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tasnet2hef.audio.metrics import score_sources
from tasnet2hef.base.errors import OptionError, RefusedError
