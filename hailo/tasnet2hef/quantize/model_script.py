"""Turns a simulation's result into a model script, alone or merged with the user's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tasnet2hef.quantize.layer_analysis import LayerReport
from tasnet2hef.quantize.number_format import A8_W8, FLOAT, Precision
from tasnet2hef.quantize.options import SimulationOptions
from tasnet2hef.quantize.simulator import Simulator
from tasnet2hef.target.alls.merge import merge_script
from tasnet2hef.target.alls.parser import read_script
from tasnet2hef.target.alls.writer import LayerPrecision, ModelScript, ScriptSettings, write_script


def make_script(
    model: str,
    calibration_windows: int,
    simulator: Simulator,
    options: SimulationOptions,
    precisions: Mapping[str, Precision],
    layers: Sequence[LayerReport] = (),
) -> ModelScript:
    """Return the script for a choice of precisions; with a user's own script, both merged.

    Raises:
        OptionError: the user's script can't be read, has a syntax error or names a layer that does not exist.
    """
    preparation = options.preparation
    settings = ScriptSettings(
        model=model,
        calibration_windows=calibration_windows,
        optimization_level=options.optimization_level,
        percentile=preparation.percentile if preparation.range_method == "percentile" else None,
        equalisation=preparation.equalise,
        bias_correction=preparation.correct_bias,
        fused_adds=any(border.fused for border in simulator.borders),
        precisions=_layer_precisions(simulator, options, precisions, layers),
    )
    if options.user_script is None:
        return write_script(settings)
    text = read_script(options.user_script)
    return merge_script(text, options.user_script.name, settings, simulator.net)


def _loss_text(loss_db: float) -> str:
    return "less than 0.001 dB" if loss_db < 0.001 else f"{loss_db:.3f} dB"


def _layer_precisions(
    simulator: Simulator,
    options: SimulationOptions,
    precisions: Mapping[str, Precision],
    layers: Sequence[LayerReport],
) -> list[LayerPrecision]:
    losses_db = {layer.name: layer.loss_alone_db for layer in layers if layer.loss_alone_db is not None}
    chosen = []
    for border in simulator.borders:
        precision = precisions.get(border.layer, A8_W8)
        if precision in (A8_W8, FLOAT):
            continue
        origin = ", ".join(border.original_names)
        cost = (
            f": 8 bits here alone cost {_loss_text(losses_db[border.layer])}"
            if border.layer in losses_db
            else ": as asked"
        )
        others = f"; {', '.join(border.layers[1:])} hold the same values" if len(border.layers) > 1 else ""
        chosen.append(LayerPrecision(border.layers, precision.name, f"{origin}{cost}{others}"))
    return chosen
