"""WAV files of a session: what was written before it was stopped is kept, and no file that is empty."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tasnet2hef.base.errors import AudioError, DeviceRunError
from tasnet2hef.runtime.live.wav_files import wav_file


@pytest.mark.parametrize("end", [KeyboardInterrupt(), DeviceRunError("device: gone"), AudioError("a: damaged")])
@pytest.mark.parametrize("samples", [0, 100])
def test_what_was_heard_before_a_stop_is_kept(end: BaseException, samples: int, tmp_path: Path) -> None:
    path = tmp_path / "heard.wav"
    with pytest.raises(type(end)), wav_file(path, 8000, 1) as write:  # noqa: PT012 - it must be raised inside
        write(np.zeros((1, samples), np.float32))
        raise end
    kept = samples if not isinstance(end, AudioError) else 0
    assert (soundfile.info(path).frames if path.exists() else 0) == kept
    assert list(tmp_path.iterdir()) == ([path] if kept else [])
