from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import onnx
import pytest
import soundfile

from tasnet2hef.base.errors import AudioError, GraphError, InputError, OptionError
from tasnet2hef.quantize.calibration.calibrate import calibrate_graph, require_audio_contract, small_set_warning
from tasnet2hef.quantize.calibration.calibration_set import (
    METADATA_ARRAY,
    is_made_for,
    open_calibration,
    origin,
    require_fit,
)
from tasnet2hef.quantize.calibration.content import remarks_of
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import babble, save_net

ONE_LAYER = {"input_layer1": (100, 1, 8)}


def test_the_compiler_reads_it_as_it_is(calibration):
    with np.load(calibration) as stored:
        assert stored["input_layer1"].shape == (24, 100, 1, 8)
        assert stored["input_layer1"].dtype == np.float32
        record = json.loads(str(stored[METADATA_ARRAY]))
    assert (record["windows"], record["mixed"], record["recordings"], record["model"]) == (24, 2, 4, "small.onnx")


def test_it_streams_what_numpy_loads(calibration):
    opened = open_calibration(calibration)
    streamed = np.stack(list(opened.frames()))
    with np.load(calibration) as stored:
        assert (streamed.reshape(stored["input_layer1"].shape) == stored["input_layer1"]).all()


def test_the_same_seed_draws_the_same(model, recordings, tmp_path):
    def draw(name, seed):
        calibrate_graph(OpenedGraph.read(model), recordings, tmp_path / name, Draw(6, seed))
        return np.stack(list(open_calibration(tmp_path / name).frames()))

    first, again, other = draw("a.npz", 5), draw("b.npz", 5), draw("c.npz", 6)
    assert (first == again).all()
    assert (first != other).any()


def test_levels_vary_by_as_much_as_asked(model, tmp_path):
    soundfile.write(tmp_path / "hum.wav", 0.1 * np.sin(np.arange(16000) * 0.3), 8000)

    def levels(spread):
        calibrate_graph(OpenedGraph.read(model), tmp_path, tmp_path / "c.npz", Draw(40, level_spread_db=spread))
        windows = np.stack(list(open_calibration(tmp_path / "c.npz").frames()))
        return 20 * np.log10(windows.std(axis=(1, 2)))

    assert np.ptp(levels(0.0)) < 0.5
    assert 10 < np.ptp(levels(6.0)) < 12.5


def test_silence_keeps_its_share(model, tmp_path):
    soundfile.write(tmp_path / "half.wav", np.concatenate([babble(4, 0), np.zeros(32000)]), 8000)
    report = calibrate_graph(OpenedGraph.read(model), tmp_path, tmp_path / "c.npz", Draw(40))
    assert 17 <= report.metadata.silent_windows <= 23


def test_clipping_keeps_its_share(model, tmp_path):
    loud = np.clip(40 * babble(4, 0), -1, 1)
    soundfile.write(tmp_path / "clipped.wav", np.concatenate([loud, babble(4, 1)]), 8000, subtype="FLOAT")
    report = calibrate_graph(OpenedGraph.read(model), tmp_path, tmp_path / "c.npz", Draw(40, level_spread_db=0))
    assert 17 <= report.metadata.clipped_windows <= 23


def test_only_mixtures_are_taken_where_there_are_some(model, test_set, tmp_path):
    report = calibrate_graph(OpenedGraph.read(model), test_set, tmp_path / "c.npz", Draw(4))
    assert report.metadata.recordings == 2
    assert not any("--mix" in note for note in report.metadata.notes)


def test_what_the_net_does_not_tell_apart_is_taken_as_mixtures(model, recordings, tmp_path):
    report = calibrate_graph(OpenedGraph.read(model), recordings, tmp_path / "c.npz", Draw(4))
    assert report.metadata.mixed == 1
    assert any("are mixtures already" in note and "--mix 2 would" in note for note in report.metadata.notes)


def noise(seconds):
    return 0.05 * np.random.default_rng(0).standard_normal(int(8000 * seconds))


def test_noise_is_refused_with_the_figure(model, tmp_path):
    soundfile.write(tmp_path / "fan.wav", noise(4), 8000)
    with pytest.raises(AudioError, match=r"noise, no speech: its spectrum varies by [56]\.\d dB.*--any-data"):
        calibrate_graph(OpenedGraph.read(model), tmp_path, tmp_path / "c.npz", Draw(40))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fan.wav"]


def test_what_was_taken_knowingly_is_not_refused_when_read(model, tmp_path):
    soundfile.write(tmp_path / "fan.wav", noise(4), 8000)
    drawn = calibrate_graph(
        OpenedGraph.read(model), tmp_path, tmp_path / "c.npz", Draw(40, any_data=True)
    ).metadata
    assert any("taken as it is although noise, no speech" in note for note in drawn.notes)
    opened = open_calibration(tmp_path / "c.npz")
    assert ["although noise" in remark for remark in remarks_of(opened, OpenedGraph.read(model))] == [True]


def test_a_set_says_what_it_was_made_for(model, calibration, tmp_path):
    opened = open_calibration(calibration)
    assert origin(opened) == f"{calibration.name} (made for small.onnx)"
    assert is_made_for(opened, OpenedGraph.read(model)) is True
    assert is_made_for(opened, OpenedGraph.read(save_net(tmp_path / "other.onnx", seed=8))) is False
    np.savez(tmp_path / "own.npz", input_layer1=np.zeros((3, 100, 1, 8), np.float32))
    own = open_calibration(tmp_path / "own.npz")
    assert "no word of what model" in origin(own)
    assert is_made_for(own, OpenedGraph.read(model)) is None


@pytest.mark.parametrize(("windows", "words"), [(64, "level 0 or 1"), (8, "level 0 "), (1024, "")])
def test_fewer_than_1024_is_warned_of(windows, words):
    warning = small_set_warning(windows)
    assert words in warning
    assert bool(words) == bool(warning)


def test_wrong_rate_is_noted(model, tmp_path):
    soundfile.write(tmp_path / "high.wav", babble(1, 0), 16000)
    soundfile.write(tmp_path / "low.wav", babble(1, 0), 4000)
    notes = calibrate_graph(OpenedGraph.read(model), tmp_path, tmp_path / "c.npz", Draw(4)).metadata.notes
    assert any("wrong rate: 1 recordings at 4000 Hz" in note for note in notes)
    assert any("resampled to 8000 Hz" in note for note in notes)


def test_overlapping_windows_are_noted(model, recordings, tmp_path):
    notes = calibrate_graph(OpenedGraph.read(model), recordings, tmp_path / "c.npz", Draw(200)).metadata.notes
    assert any(note.startswith("too little audio: 6 s for 20 s") for note in notes)


@pytest.mark.parametrize(
    ("name", "samples", "words"),
    [
        ("short.wav", babble(0.05, 0), "found 0.1 s of audio, expected at least one window of 0.1 s"),
        ("silent.wav", np.zeros(8000), "silence: 4 of 4 windows lie below -60 dBFS"),
        ("broken.wav", np.full(8000, np.nan), "found NaN or infinite samples"),
    ],
)
def test_bad_audio_is_refused_and_nothing_is_left(model, tmp_path, name, samples, words):
    soundfile.write(tmp_path / name, samples, 8000, subtype="FLOAT")
    with pytest.raises(AudioError, match=words):
        calibrate_graph(OpenedGraph.read(model), tmp_path, tmp_path / "c.npz", Draw(4))
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (Draw(0), "windows: found 0"),
        (Draw(4, mixed=9), "mix: found 9"),
        (Draw(4, level_spread_db=-1), "level spread: found -1"),
    ],
)
def test_bad_options(model, recordings, tmp_path, draw, words):
    with pytest.raises(OptionError, match=words):
        calibrate_graph(OpenedGraph.read(model), recordings, tmp_path / "c.npz", draw)


def test_no_recordings(model, tmp_path):
    with pytest.raises(AudioError, match="found nothing"):
        calibrate_graph(OpenedGraph.read(model), tmp_path / "none", tmp_path / "c.npz", Draw(4))
    (tmp_path / "text.wav").write_text("no audio")
    with pytest.raises(AudioError, match=r"no usable recording among 1 files.*text\.wav"):
        calibrate_graph(OpenedGraph.read(model), tmp_path, tmp_path / "c.npz", Draw(4))


def test_another_window_is_refused(calibration, tmp_path):
    longer = save_net(tmp_path / "longer.onnx", window_frames=119)
    with pytest.raises(GraphError, match=r"found windows of \[100, 1, 8\], expected the model's \[120, 1, 8\]"):
        require_fit(
            open_calibration(calibration),
            OpenedGraph.read(longer),
        )


def test_another_model_is_noted(calibration, tmp_path, model):
    other = save_net(tmp_path / "other.onnx", seed=8)
    opened = open_calibration(calibration)
    notes = require_fit(opened, OpenedGraph.read(other))
    assert len(notes) == 1
    assert "made for small.onnx, another model" in notes[0]
    assert require_fit(opened, OpenedGraph.read(model)) == []


def test_another_rate_is_refused(calibration, tmp_path, model):
    changed = tmp_path / "changed.npz"
    with np.load(calibration) as stored:
        record = json.loads(str(stored[METADATA_ARRAY]))
        record["provenance"] = record["provenance"].replace('"sample_rate": 8000', '"sample_rate": 16000')
        np.savez(changed, input_layer1=stored["input_layer1"], **{METADATA_ARRAY: json.dumps(record)})
    with pytest.raises(GraphError, match="sample_rate found 16000, expected 8000"):
        require_fit(open_calibration(changed), OpenedGraph.read(model))


@pytest.mark.parametrize(
    ("name", "value"),
    [("windows", 0), ("recordings", -1), ("seconds_of_audio", -1e30), ("mixed", 10**30), ("silent_windows", -1)],
)
def test_a_record_out_of_range_is_refused(calibration, tmp_path, name, value):
    changed = tmp_path / "changed.npz"
    with np.load(calibration) as stored:
        record = json.loads(str(stored[METADATA_ARRAY])) | {name: value}
        np.savez(changed, input_layer1=stored["input_layer1"], **{METADATA_ARRAY: json.dumps(record)})
    with pytest.raises(InputError, match=f"not a calibration set: {name}: found .*, expected"):
        open_calibration(changed)


def test_a_users_own_array_is_taken_with_a_note(tmp_path, model):
    np.savez(tmp_path / "own.npz", input_layer1=np.zeros((3, 100, 1, 8), np.float32))
    opened = open_calibration(tmp_path / "own.npz")
    notes = require_fit(opened, OpenedGraph.read(model))
    assert "holds no tasnet2hef metadata" in notes[0]


def test_damaged_sets_are_refused(tmp_path, calibration):
    with pytest.raises(InputError, match="found nothing, expected a calibration set"):
        open_calibration(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(InputError, match="not a calibration set"):
        open_calibration(tmp_path / "text.npz")
    np.savez(tmp_path / "flat.npz", input_layer1=np.zeros((3, 8), np.float32))
    with pytest.raises(InputError, match=r"found input_layer1 of shape \[3, 8\]"):
        open_calibration(tmp_path / "flat.npz")
    np.savez(tmp_path / "none.npz")
    with pytest.raises(InputError, match="found no arrays, expected as many"):
        open_calibration(tmp_path / "none.npz")
    np.savez(tmp_path / "two.npz", a=np.zeros((1, 1, 1, 1), np.float32), b=np.zeros((2, 1, 1, 1), np.float32))
    with pytest.raises(InputError, match="found arrays of 1, 2 windows, expected as many for every input layer"):
        open_calibration(tmp_path / "two.npz")


def test_nan_is_found_when_it_is_read(tmp_path):
    windows = np.zeros((3, 100, 1, 8), np.float32)
    windows[1, 4] = np.nan
    np.savez(tmp_path / "nan.npz", input_layer1=windows)
    with pytest.raises(InputError, match="NaN or infinite samples in window 2"):
        list(open_calibration(tmp_path / "nan.npz").frames())


def test_a_set_cut_short_is_refused(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (3, 100, 1, 8)})
    with zipfile.ZipFile(tmp_path / "cut.npz", "w") as archive:
        archive.writestr("input_layer1.npy", header.getvalue() + bytes(4000))
    with pytest.raises(InputError, match="found 4,000 bytes, expected 9,600 by its header"):
        list(open_calibration(tmp_path / "cut.npz").frames())


def test_a_wrong_checksum_is_found_when_the_windows_are_read(tmp_path):
    path = tmp_path / "altered.npz"
    np.savez(path, input_layer1=np.zeros((3, 100, 1, 8), np.float32))
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"altered\.npz: found Bad CRC-32 .*; calibrate again"):
        list(open_calibration(path).frames())


def test_segments_are_refused(model, tmp_path):
    graph = onnx.load(model)
    (record,) = graph.metadata_props
    record.value = json.dumps({**json.loads(record.value), "segments": 2})
    onnx.save(graph, tmp_path / "part.onnx")
    with pytest.raises(GraphError, match="found a segment of a net"):
        require_audio_contract(OpenedGraph.read(tmp_path / "part.onnx"))
