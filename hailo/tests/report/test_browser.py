"""The page in a real browser: quiet, off the network, heard, zoomed, reached by keys, narrow, and dark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tasnet2hef.report.theme import DARK, LIGHT, contrast
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.report.conftest import Run

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, which drives the browser")

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs a Chromium: apt-get install chromium")

TEXTS = """() => {
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = new Set();
  for (const element of document.querySelectorAll("body *:not(svg *):not(script)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (own && element.checkVisibility()) found.add(getComputedStyle(element).color + "|" + ground(element));
  }
  return [...found];
}"""
"""Colours of all visible text with the grounds that they stand on."""


@dataclass
class Opened:
    page: Any
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def view(self) -> list[float]:
        return [float(number) for number in self.page.get_attribute("#net", "viewBox").split()]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        flags = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser_process = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser_process
        browser_process.close()


def _open(browser: Any, path: Path, width: int = 1280, scheme: str = "light", **options: Any) -> Opened:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme, **options)
    opened = Opened(page)
    page.on("console", lambda message: opened.console.append(message.text))
    page.on("pageerror", lambda error: opened.console.append(str(error)))
    page.on("request", lambda request: opened.requests.append(request.url))
    page.goto(path.as_uri())
    return opened


@pytest.fixture
def opened(browser: Any, whole_run: Run) -> Iterator[Opened]:
    page = _open(browser, whole_run.page)
    yield page
    page.page.close()


def test_it_is_quiet_and_asks_for_nothing(opened: Opened, whole_run: Run) -> None:
    opened.page.wait_for_load_state("networkidle")
    assert opened.console == []
    assert [url for url in opened.requests if not url.startswith("data:")] == [whole_run.page.as_uri()]


def test_every_player_plays(opened: Opened) -> None:
    players = opened.page.locator("audio")
    assert players.count() == 5
    for number in range(5):
        player = players.nth(number)
        player.evaluate("(audio) => { audio.muted = true; return audio.play(); }")
        opened.page.wait_for_function("(audio) => audio.currentTime > 0.05", arg=player.element_handle())
        assert player.evaluate("(audio) => audio.duration") == pytest.approx(1.5, abs=0.01)
        player.evaluate("(audio) => audio.pause()")


def test_the_graph_zooms_moves_and_comes_back_by_keys_alone(opened: Opened) -> None:
    start = opened.view
    opened.page.focus("#net")
    opened.page.keyboard.press("+")
    assert opened.view[2] < start[2]
    before = opened.view
    opened.page.keyboard.press("ArrowRight")
    assert opened.view[0] > before[0]
    opened.page.keyboard.press("0")
    assert opened.view == pytest.approx(start)


def test_the_graph_zooms_and_moves_by_mouse(opened: Opened) -> None:
    start = opened.view
    opened.page.get_by_role("button", name="Zoom in").click()
    assert opened.view[2] == pytest.approx(0.7 * start[2])
    box = opened.page.locator("#net").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = opened.view
    opened.page.mouse.move(x, y)
    opened.page.mouse.down()
    opened.page.mouse.move(x - 60, y, steps=3)
    opened.page.mouse.up()
    assert opened.view[0] > before[0]
    assert opened.view[2] == pytest.approx(before[2])
    opened.page.keyboard.down("Control")
    opened.page.mouse.wheel(0, -100)
    opened.page.keyboard.up("Control")
    opened.page.wait_for_function("(width) => net.viewBox.baseVal.width < width", arg=before[2])
    opened.page.get_by_role("button", name="All of it").click()
    opened.page.locator(".node").first.hover()
    assert opened.page.text_content("#graph-detail").startswith("input_layer1: input_layer")


def test_a_layer_is_found_and_reported(opened: Opened, whole_run: Run) -> None:
    name = whole_run.check.net.layers[3].name
    opened.page.fill("#graph-find", name)
    opened.page.keyboard.press("Enter")
    assert opened.page.text_content("#graph-detail").startswith(f"{name}: ")
    assert opened.page.get_attribute(".node.chosen", "data-name") == name
    opened.page.fill("#graph-find", "nonsense")
    opened.page.keyboard.press("Enter")
    assert opened.page.text_content("#graph-detail") == "nonsense: no layer of this name"


def test_the_next_problem_is_one(browser: Any, tmp_path: Path) -> None:
    import onnx

    from tasnet2hef.report.save import write_report
    from tasnet2hef.target.check import check_file
    from tasnet2hef.target.rules.framework.discovery import find_rule

    onnx.save(find_rule("row-too-wide").bad[0](), tmp_path / "wide.onnx")
    check = check_file(tmp_path / "wide.onnx")
    opened = _open(browser, write_report(OpenedGraph.read(tmp_path / "wide.onnx"), check=check))
    opened.page.get_by_role("button", name="Next problem").click()
    assert opened.page.get_attribute(".node.chosen", "data-name") in {each.layer for each in check.findings}
    assert "row-too-wide" in opened.page.text_content("#graph-detail")


def test_all_that_acts_is_reached_by_tab_and_shows_it(opened: Opened) -> None:
    wanted = opened.page.evaluate(
        "() => [...document.querySelectorAll('a, button, input, audio, summary, [tabindex=\"0\"]')]"
        ".filter((each) => each.checkVisibility()).length"
    )
    reached: dict[int, str] = {}
    for _ in range(8 * wanted):  # a player has stops of its own inside
        opened.page.keyboard.press("Tab")
        place, outline = opened.page.evaluate(
            "() => [[...document.querySelectorAll('*')].indexOf(document.activeElement), "
            "getComputedStyle(document.activeElement).outlineStyle]"
        )
        if reached and place == next(iter(reached)):
            break
        reached[place] = outline
        if len(reached) >= wanted:
            break
    assert len(reached) >= wanted
    assert "none" not in reached.values()


def test_a_phone_scrolls_down_only(browser: Any, whole_run: Run) -> None:
    page = _open(browser, whole_run.page, width=360).page
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize(("scheme", "theme"), [("light", LIGHT), ("dark", DARK)])
def test_text_is_readable_in_light_and_dark(
    scheme: str, theme: dict[str, str], browser: Any, whole_run: Run
) -> None:
    page = _open(browser, whole_run.page, scheme=scheme).page
    pairs = [pair.split("|") for pair in page.evaluate(TEXTS)]
    assert _hex(page.evaluate("getComputedStyle(document.body).backgroundColor")) == theme["paper"]
    assert len(pairs) >= 5
    for text, ground in pairs:
        assert contrast(_hex(text), _hex(ground)) >= 4.5, (text, ground)


def test_without_scripts_the_picture_stands(browser: Any, whole_run: Run) -> None:
    page = _open(browser, whole_run.page, java_script_enabled=False).page
    assert page.locator("#net .node").first.is_visible()
    assert not page.locator("#graph-tools").is_visible()


def _hex(colour: str) -> str:
    red, green, blue = (int(part) for part in colour.removeprefix("rgb(").rstrip(")").split(","))
    return f"#{red:02x}{green:02x}{blue:02x}"
