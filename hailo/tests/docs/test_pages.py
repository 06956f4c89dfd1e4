"""What the site is made of: pictures that read on light and dark, and pages that hold what the code holds."""

from __future__ import annotations

import importlib.util
import inspect
import re
from xml.etree import ElementTree

import pytest
import typer.main

from scripts.pages import figures, generated
from scripts.pages.generated import chips, commands, errors, failures, json_keys, rules
from scripts.pages.hooks import on_page_markdown
from scripts.pages.pen import INK
from scripts.pages.sandbox import RUNS
from tasnet2hef.base import errors as error_classes
from tasnet2hef.base.discovery import modules_of
from tasnet2hef.cli.main import make_app
from tasnet2hef.target.failures.tables import compiler_signatures, runtime_signatures
from tasnet2hef.target.known.loader import chip_names
from tasnet2hef.target.rules.framework.discovery import all_rules
from tests.docs.console_blocks import ROOT

pytest.importorskip("matplotlib", reason="draws the pictures")
PICTURES = [module.__name__.rpartition(".")[2].replace("_", "-") for module in modules_of(figures)]
# Their drawings are made where the site is: MkDocs is in to-onnx-env only, and no other environment's Python or
# Matplotlib can change what is published. What is said in the pages is held against the code in both.
where_the_site_is_built = pytest.mark.skipif(
    importlib.util.find_spec("mkdocs") is None, reason="the site is built where MkDocs is, in to-onnx-env"
)
PAGES = {page: page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md")}


@where_the_site_is_built
@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_takes_the_colour_of_the_text(name: str) -> None:
    html = on_page_markdown(f"before\n\n{{{{ picture {name} }}}}\n\nafter")
    (svg,) = re.findall(r"<svg.*?</svg>", html, re.S)
    ElementTree.fromstring(svg)
    assert "currentColor" in svg
    assert INK not in svg
    assert "<figcaption>" in html
    assert not re.findall(r'(?:href|src)="http', svg)


@where_the_site_is_built
@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_drawn_the_same_again(name: str) -> None:
    page = f"{{{{ picture {name} }}}}"
    assert on_page_markdown(page) == on_page_markdown(page)


def test_every_picture_has_its_place() -> None:
    placed = re.findall(r"^\{\{ picture ([a-z-]+) \}\}$", "\n".join(PAGES.values()), re.M)
    assert sorted(placed) == sorted(PICTURES)


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    written = [str(page.relative_to(ROOT / "docs")) for page in PAGES]
    for path in [*written, *(module.PATH for module in modules_of(generated))]:
        assert f": {path}\n" in navigation, path


def test_commands_and_their_options_are_listed() -> None:
    text = commands.text()
    root = typer.main.get_command(make_app())
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        for parameter in command.params:
            assert all(f"`{option}" in section for option in parameter.opts if option.startswith("-")), name


def test_every_command_has_an_example_for_its_json() -> None:
    assert set(RUNS) == {command.name for command in make_app().registered_commands}


def test_rules_failures_chips_and_errors_are_listed() -> None:
    assert all(f"\n## {rule.id}\n" in rules.text() for rule in all_rules())
    assert all(
        f"\n## {signature.id}\n" in failures.text()
        for signature in (*compiler_signatures(), *runtime_signatures())
    )
    assert all(f"\n## {name}\n" in chips.text() for name in chip_names())
    for name, error_class in inspect.getmembers(error_classes, inspect.isclass):
        assert f"| `{name}` | {error_class.exit_code} |" in errors.text()


def test_json_keys_of_nested_values() -> None:
    report_json = {
        "layers": [{"name": "a", "db": None}, {"name": "b", "db": 1.5}],
        "counts": {"x/y": 1},
        "none": [],
    }
    assert json_keys.keys_of(report_json) == [
        ("`layers[].name`", "text"),
        ("`layers[].db`", "null or number"),
        ("`counts.*`", "integer"),
        ("`none`", "list, empty here"),
    ]
