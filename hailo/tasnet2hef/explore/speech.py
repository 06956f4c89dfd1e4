"""The speech of a study: mixtures to fit and calibrate with, and held-out ones that every point is measured on.

They are drawn once, where the recordings are, and travel as files: no worker needs the recordings.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile

from tasnet2hef.audio.collection import MIXTURE, sources_beside
from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.files import digest_of_bytes
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.explore.files import HELD_OUT, POOL
from tasnet2hef.explore.product import Product
from tasnet2hef.guide.speech import HELD_OUT as MEASURED
from tasnet2hef.guide.speech import held_out_signals
from tasnet2hef.model.checkpoint import Checkpoint
from tasnet2hef.quantize.calibration.evaluation_set import EvaluationClip
from tasnet2hef.train.dataset import Dataset, read_dataset
from tasnet2hef.train.options import FreezeOptions, SpeechOptions
from tasnet2hef.train.replace_norms import require_separation


def draw_speech(checkpoint: Checkpoint, folder: Path, options: SpeechOptions) -> tuple[Product, tuple[str, ...]]:
    """Return the mixtures of a study as a product, and notes on how speakers were told apart.

    Raises:
        AudioError: the speech can't be used.
        RefusedError: the original does not separate it.
    """
    dataset = read_dataset(
        folder,
        checkpoint.spec,
        seconds=options.seconds,
        clips=(MEASURED, MEASURED),
        most_hours=options.hours,
        speakers=options.speakers,
    )
    require_separation(checkpoint.reference(), dataset, folder, options)
    files = {**_pool(dataset, checkpoint.spec), **_held_out(dataset, checkpoint.spec)}
    record = {"has_sources": dataset.has_sources, "seconds": options.seconds, "mixtures": MEASURED}
    return Product(record, files), dataset.notes


def digest_of_speech(product: Product) -> str:
    """Return a digest of all mixtures."""
    parts = [f"{name} {digest_of_bytes(content)}" for name, content in sorted(product.files.items())]
    return digest_of_bytes("\n".join(parts).encode())[:32]


def pool_mixtures(folder: Path) -> Samples:
    """Return the pool's mixtures ``[clip, sample]``."""
    return np.stack([_read(path) for path in sorted(folder.glob("*.wav"))])


def held_out_clips(folder: Path, spec: TasNetSpec) -> list[EvaluationClip]:
    """Return the held-out mixtures, with their sources where they are known."""
    clips = []
    for path in sorted(folder.glob(f"*{MIXTURE}.wav")):
        sources = sources_beside(path, spec.n_src)
        references = np.stack([_read(source) for source in sources]) if sources else None
        clips.append(EvaluationClip(path, _read(path), references))
    return clips


def _pool(dataset: Dataset, spec: TasNetSpec) -> dict[str, bytes]:
    clips = dataset.freezing_mixtures(FreezeOptions.clips)
    return {f"{POOL}/{number:03}{MIXTURE}.wav": _wav(clip, spec) for number, clip in enumerate(clips, start=1)}


def _held_out(dataset: Dataset, spec: TasNetSpec) -> dict[str, bytes]:
    signals = held_out_signals(dataset.test, spec.n_src, has_sources=dataset.has_sources)
    return {f"{HELD_OUT}/{name}": _wav(signal, spec) for name, signal in signals.items()}


def _wav(samples: Samples, spec: TasNetSpec) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, spec.sample_rate, format="WAV", subtype="FLOAT")
    return _without_time(buffer.getvalue())


def _without_time(wav: bytes) -> bytes:
    """Return a WAV file without the time of its writing, which libsndfile puts into the PEAK chunk of floats.

    The chunk is its name, its size, a version and the time, four bytes each.
    """
    place = wav.find(b"PEAK", 0, wav.index(b"data"))
    return wav if place < 0 else wav[: place + 12] + bytes(4) + wav[place + 16 :]


def _read(path: Path) -> Samples:
    samples: Samples = soundfile.read(path, dtype="float32")[0]
    return samples
