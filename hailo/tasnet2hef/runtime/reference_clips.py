"""Speech and its sources as separated by the original network, stored beside an export (``NAME.selftest.npz``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import InputError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.marks import mark_archive
from tasnet2hef.base.npz import opened_npz, read_array
from tasnet2hef.base.records import RecordError

SUFFIX: Final = ".selftest.npz"


@dataclass(frozen=True, eq=False)
class Reference:
    """Clips ``[clip, sample]`` and their sources ``[clip, source, sample]``, at the model's rate."""

    clips: Samples
    sources: Samples


def reference_path(model: Path) -> Path:
    """Name the file that belongs to a graph or a HEF.

    >>> reference_path(Path("build/net.onnx")).as_posix()
    'build/net.selftest.npz'
    """
    return model.with_name(f"{model.stem}{SUFFIX}")


def save_reference(path: Path, reference: Reference, made_by: str = "") -> Path:
    """Write a reference with a mark and return its path.

    Raises:
        OptionError: the place can't be written.
    """
    with written_beside(path) as part:
        with part.open("wb") as file:
            np.savez_compressed(file, clips=reference.clips, sources=reference.sources)
        mark_archive(part, made_by)
    return path


def read_reference(path: Path, contract: GraphContract) -> Reference:
    """Read a reference and check that it fits a model.

    Raises:
        InputError: it is damaged, or belongs to a different model.
    """
    try:
        with opened_npz(path) as archive:
            reference = Reference(*(read_array(archive, name).astype(np.float32) for name in ("clips", "sources")))
    except (RecordError, ValueError) as error:
        raise InputError(f"{path}: not a self-test's reference: {error}; export the model again") from error
    clips, samples = reference.clips.shape if reference.clips.ndim == 2 else (0, 0)
    expected = (clips, contract.spec.n_src, samples)
    window = samples if contract.stateful else contract.window_samples
    if reference.sources.shape != expected or samples != window or not reference.clips.size:
        raise InputError(
            f"{path}: found clips {list(reference.clips.shape)} and sources {list(reference.sources.shape)}, "
            f"expected clips of {window} samples and {contract.spec.n_src} sources each; export the model again"
        )
    return reference
