"""Charts: whole SVG in the page's colours, whatever the names in it, and a spectrum that finds a tone."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pytest

from tasnet2hef.report.charts import _narrowed, draw_costs, draw_frontier, draw_losses, draw_spectrogram, spectrum

pytest.importorskip("matplotlib")

NAMES = ["plain", "a$b$c", "<script>alert(1)</script>", "Löwe 漢字", "\\frac{}", 'style="fill: #030303"']


def _layers() -> list[dict[str, Any]]:
    sizes = {"macs": 1e6, "row_bytes": 5, "window_bytes": 7, "held_bytes": 0}
    return [{"name": name, "original_names": [name], "loss_alone_db": 0.5, **sizes} for name in NAMES]


def _read(svg: str) -> ElementTree.Element:
    assert not [tag for tag in re.findall(r"<[^<>]*>", svg) if re.search(r"#(0[1-4]){3}", tag)]
    assert "<script" not in svg
    return ElementTree.fromstring(svg)


@pytest.mark.slow
def test_every_chart_is_whole_and_takes_the_pages_colours() -> None:
    noise = np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    points = [{"extra_share": 0.1, "agreement_db": 20.0}, {"extra_share": 0.2, "agreement_db": 25.0}]
    for svg in (
        draw_costs(_layers(), [True] + 5 * [False]),
        draw_frontier(points, "agreement_db", "agreement with float"),
        draw_spectrogram(noise, 8000, 1.0),
    ):
        _read(svg)
        assert "var(--ink)" in svg
    assert "var(--error)" in draw_costs(_layers(), [True] + 5 * [False])
    assert "var(--error)" not in draw_losses(_layers(), "SI-SDR")


def test_names_are_text_whatever_they_hold() -> None:
    drawn = _read(draw_losses(_layers(), "SI-SDR"))
    texts = {"".join(element.itertext()).strip() for element in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert {f"{name}  ({name})" for name in NAMES} <= texts


@pytest.mark.slow
def test_charts_do_not_differ_from_run_to_run() -> None:
    assert draw_costs(_layers(), 6 * [False]) == draw_costs(_layers(), 6 * [False])


def test_a_tone_stands_at_its_frequency() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000).astype(np.float32)
    power, frequencies, times = spectrum(tone, 8000)
    assert set(frequencies[power.argmax(axis=0)]) == {1000.0}
    assert times[-1] < 1.0


def test_a_long_clip_is_averaged_down_to_the_pictures_width() -> None:
    power = np.arange(2 * 1000, dtype=float).reshape(2, 1000)
    narrow = _narrowed(power)
    assert narrow.shape == (2, 250)
    assert narrow[:, 0].tolist() == power[:, :4].mean(axis=1).tolist()
    assert _narrowed(power[:, :7]).tolist() == power[:, :7].tolist()


def test_a_clip_shorter_than_a_window_is_drawn() -> None:
    _read(draw_spectrogram(np.ones(10, np.float32), 8000, 1.0))
