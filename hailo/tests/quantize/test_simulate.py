"""From files to files: the command line, its JSON, and its errors of one line."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tasnet2hef.base.errors import GraphError, OptionError
from tasnet2hef.cli.main import make_app, run
from tasnet2hef.quantize import plots
from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.quantize.options import SimulationOptions
from tasnet2hef.quantize.simulate import simulate_graph
from tasnet2hef.quantize.simulator import Preparation
from tasnet2hef.target.alls.parser import parse_script
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import save_net

SPEECH = Path("/usr/share/asterisk/sounds")
OPTIONS = SimulationOptions(Preparation(threads=1), target_db=0.1, windows=3, relieve=2)


@pytest.fixture(scope="module")
def outcome(model, calibration, test_set, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    return simulate_graph(OpenedGraph.read(model), calibration, test_set, folder, OPTIONS)


def test_json_holds_what_was_promised(outcome, model):
    simulation = json.loads(json.dumps(outcome.to_json(), allow_nan=False))
    assert set(simulation["si_sdr_db"]) == {"float", "int8", "mixed"}
    assert all(isinstance(value, float) for value in simulation["si_sdr_db"].values())
    assert {"name", "scale", "zero_point", "useful_codes", "sqnr_db", "loss_alone_db"} <= set(
        simulation["layers"][0]
    )
    net = OpenedGraph.read(model).net
    assert simulation["sixteen_bit"]
    assert all(name in net for name in simulation["sixteen_bit"])
    assert simulation["target_reached"] is True
    assert Path(simulation["alls"]).is_file()
    assert "24 windows: with fewer than 1,024" in simulation["warning"]
    assert "dB SI-SDR at levels 1 and 0" in simulation["warning"]


def test_the_script_sets_the_chosen_layers(outcome, model):
    statements = parse_script(outcome.alls.read_text())
    net = OpenedGraph.read(model).net
    wide = [
        word.text
        for statement in statements
        if statement.command == "quantization_param"
        for word in statement.positional[0].words()
    ]
    assert set(outcome.sixteen_bit) <= set(wide)
    assert all(name in net for name in wide)
    lines = outcome.alls.read_text().splitlines()
    for number, line in enumerate(lines):
        if line and not line.startswith("#"):
            assert lines[number - 1].startswith("# "), f"line {number + 1} has no reason: {line}"


def test_a_second_run_measures_nothing_again(outcome, model, calibration, test_set):
    again = simulate_graph(OpenedGraph.read(model), calibration, test_set, outcome.alls.parent, OPTIONS)
    assert again.resumed > len(again.layers)
    assert again.sixteen_bit == outcome.sixteen_bit


@pytest.mark.slow
def test_command_line(model, calibration, test_set, tmp_path, capsys):
    arguments = [str(model), str(calibration), "--eval", str(test_set), "-o", str(tmp_path), "--threads", "1"]
    assert run(make_app(), ["simulate", *arguments, "--quick", "--json"]) == 0
    simulation = json.loads(capsys.readouterr().out)
    assert simulation["si_sdr_db"]["float"] >= simulation["si_sdr_db"]["int8"] - 0.5
    assert simulation["sixteen_bit"] == []
    searched = ["simulate", *arguments, "--windows", "2", "--relieve", "1", "--target-db", "0.01"]
    assert run(make_app(), searched) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0] in {"Good at 8 bits", "Usable at 8 bits"}
    assert "\nnext: tasnet2hef compile " in shown
    assert "most damaging" not in shown
    assert run(make_app(), [*searched, "--verbose"]) == 0
    shown = capsys.readouterr().out
    for words in ("SI-SDR of whole recordings", "most damaging", "Bits spent against dB", "model script"):
        assert words in shown


def test_calibrate_on_the_command_line(model, recordings, tmp_path, capsys):
    arguments = ["calibrate", str(model), str(recordings), "-o", str(tmp_path / "c.npz"), "-n", "5", "--mix", "2"]
    assert run(make_app(), [*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["shape"] == [5, 100, 1, 8]
    assert "5 windows: with fewer than 1,024" in captured.err
    assert run(make_app(), arguments) == 0
    assert "input_layer1" in capsys.readouterr().out


def test_without_evaluation_agreement_is_reported(model, calibration, tmp_path):
    report = simulate_graph(OpenedGraph.read(model), calibration, None, tmp_path, SimulationOptions(quick=True))
    assert report.si_sdr_db.to_json() == {"float": None, "int8": None, "mixed": None}
    assert 10 < report.agreement_db.int8 < 60
    assert any("no --eval" in note for note in report.notes)


def test_a_quick_run_claims_no_damage(model, calibration, tmp_path):
    report = simulate_graph(OpenedGraph.read(model), calibration, None, tmp_path, SimulationOptions(quick=True))
    assert {layer["loss_alone_db"] for layer in report.to_json()["layers"]} == {None}
    assert report.to_json()["frontier"] == []


@pytest.mark.slow
def test_layers_can_be_set(model, calibration, tmp_path):
    coarse = SimulationOptions(quick=True, precisions={"conv*": "a8_w4"})
    fine = SimulationOptions(quick=True, precisions={"*": "a16_w16"})
    assert (
        simulate_graph(OpenedGraph.read(model), calibration, None, tmp_path, coarse).agreement_db.int8 + 20
        < simulate_graph(OpenedGraph.read(model), calibration, None, tmp_path, fine).agreement_db.int8
    )
    assert "precision_mode=a16_w16" in (tmp_path / "small.alls").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (SimulationOptions(target_db=0), "target: found 0 dB"),
        (SimulationOptions(windows=0), "windows: found 0"),
        (SimulationOptions(relieve=-1), "relieve: found -1"),
        (SimulationOptions(optimization_level=9), "optimization level: found 9"),
        (SimulationOptions(plots="gif"), "plots: found 'gif'"),
        (SimulationOptions(precisions={"conv1": "a9_w9"}), "--set conv1=a9_w9: found 'a9_w9'"),
        (SimulationOptions(precisions={"cnv1": "a16_w16"}), "'cnv1': not in the net; did you mean conv1"),
        (SimulationOptions(precisions={"zz*": "a16_w16"}), "--set zz[*]=a16_w16: matches none"),
        (SimulationOptions(user_script=Path("none.alls")), "none.alls: can't be read"),
    ],
)
def test_bad_options_are_one_line(model, calibration, tmp_path, options, words):
    with pytest.raises(OptionError, match=words):
        simulate_graph(OpenedGraph.read(model), calibration, None, tmp_path / "out", options)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_users_script_is_merged(model, calibration, tmp_path):
    own = tmp_path / "own.alls"
    own.write_text("model_optimization_flavor(optimization_level=3)  # mine\nsome_new_command(a=1)\n")
    report = simulate_graph(
        OpenedGraph.read(model), calibration, None, tmp_path, SimulationOptions(quick=True, user_script=own)
    )
    text = report.alls.read_text()
    assert own.read_text() in text
    assert text.count("\nmodel_optimization_flavor") == 1
    assert any("some_new_command is unknown" in note for note in report.notes)
    own.write_text("quantization_param([conv1, precision_mode=a16_w16)\n")
    with pytest.raises(OptionError, match=r"own\.alls:1:42: found '='"):
        simulate_graph(
            OpenedGraph.read(model), calibration, None, tmp_path, SimulationOptions(quick=True, user_script=own)
        )


def test_nan_in_the_weights_is_reported_by_layer(tmp_path, calibration):
    path = save_net(tmp_path / "broken.onnx")
    graph = onnx.load(str(path))
    weights = next(tensor for tensor in graph.graph.initializer if tensor.name == "tcn_00/residual/weight")
    values = numpy_helper.to_array(weights).copy()
    values[2] = np.nan
    weights.CopyFrom(numpy_helper.from_array(values, weights.name))
    onnx.save(graph, str(path))
    with pytest.raises(GraphError, match=r"layer ew_add1 .*tcn_00/residual.*NaN or infinite values"):
        simulate_graph(OpenedGraph.read(path), calibration, None, tmp_path, SimulationOptions(quick=True))


def test_constant_channels_are_noted(tmp_path, calibration):
    path = save_net(tmp_path / "dead.onnx")
    graph = onnx.load(str(path))
    weights = next(tensor for tensor in graph.graph.initializer if tensor.name == "tcn_00/expand/weight")
    values = numpy_helper.to_array(weights).copy()
    values[2] = 0
    weights.CopyFrom(numpy_helper.from_array(values, weights.name))
    onnx.save(graph, str(path))
    report = simulate_graph(OpenedGraph.read(path), calibration, None, tmp_path, SimulationOptions(quick=True))
    assert any("channels never change in calibration" in note for note in report.notes)
    assert report.agreement_db.int8 > 10


def test_a_graph_of_unknown_origin_is_refused(tmp_path, model, calibration):
    graph = onnx.load(str(model))
    del graph.metadata_props[:]
    onnx.save(graph, str(tmp_path / "foreign.onnx"))
    with pytest.raises(GraphError, match="no tasnet2hef metadata"):
        simulate_graph(
            OpenedGraph.read(tmp_path / "foreign.onnx"), calibration, None, tmp_path, SimulationOptions(quick=True)
        )


def test_plots_say_what_is_missing(monkeypatch):
    monkeypatch.setattr(plots, "find_spec", lambda _name: None)
    with pytest.raises(OptionError, match=r"found no matplotlib.*tasnet2hef\[plots\]"):
        plots.require_plots("png")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("matplotlib") is None, reason="needs matplotlib, an optional extra")
@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_plots_are_drawn(outcome, tmp_path, kind, start):
    drawn = [
        plots.draw_layers(outcome.layers, tmp_path / f"layers.{kind}", "SI-SDR"),
        plots.draw_frontier(
            outcome.search.frontier, outcome.search.chosen, 5.0, 0.5, tmp_path / f"frontier.{kind}", "SI-SDR"
        ),
    ]
    assert all(path.read_bytes().startswith(start) for path in drawn)


@pytest.mark.skipif(not SPEECH.is_dir(), reason=f"needs real speech, {SPEECH} (Debian's asterisk-core-sounds)")
def test_real_speech_from_a_folder(model, tmp_path):
    report = calibrate_graph(OpenedGraph.read(model), SPEECH, tmp_path / "speech.npz", Draw(16, mixed=2))
    assert report.metadata.recordings > 100
    assert -40 < report.metadata.median_level_db < -5
    simulation = simulate_graph(
        OpenedGraph.read(model), report.path, None, tmp_path, SimulationOptions(quick=True)
    )
    assert 15 < simulation.agreement_db.int8 < 60
