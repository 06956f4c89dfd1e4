"""The graph's layout: each node has its own place, each line an end, and inputs stand above their readers."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasnet2hef.report.layout import NODE_HEIGHT, NODE_WIDTH, lay_out

Graph = dict[str, list[str]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw a graph without circles, its nodes in any order."""
    names = [f"n{number}" for number in range(draw(st.integers(1, 40)))]
    graph = {
        name: draw(st.lists(st.sampled_from(names[:place]), max_size=3, unique=True)) if place else []
        for place, name in enumerate(names)
    }
    return {name: graph[name] for name in draw(st.permutations(names))}


@pytest.mark.slow
@given(graphs())
def test_no_two_nodes_overlap_and_all_lie_inside(graph: Graph) -> None:
    drawn = lay_out(graph)
    assert drawn.places.keys() == graph.keys()
    for one, other in itertools.combinations(drawn.places.values(), 2):
        assert abs(one.x - other.x) >= NODE_WIDTH or abs(one.y - other.y) >= NODE_HEIGHT
    for place in drawn.places.values():
        assert 0 <= place.x <= drawn.width - NODE_WIDTH + 1e-6
        assert 0 <= place.y <= drawn.height - NODE_HEIGHT


@pytest.mark.slow
@given(graphs())
def test_each_connection_is_one_line_and_runs_down_or_to_a_later_column(graph: Graph) -> None:
    drawn = lay_out(graph)
    assert len(drawn.edges) == sum(len(sources) for sources in graph.values())
    ends = [(source, name) for name, sources in graph.items() for source in sources]
    for (source, name), edge in zip(ends, drawn.edges, strict=True):
        above, below = drawn.places[source], drawn.places[name]
        assert above.x + NODE_WIDTH <= below.x if edge.far else above.y < below.y


def test_a_long_chain_is_cut_to_the_shape_of_a_screen() -> None:
    chain: Graph = {f"n{i}": [f"n{i - 1}"] if i else [] for i in range(800)}
    drawn = lay_out(chain)
    assert 1.0 < drawn.width / drawn.height < 2.5


def test_a_constant_stands_just_above_its_reader() -> None:
    chain: Graph = {"constant": [], "a": [], "b": ["a"], "c": ["b", "constant"]}
    drawn = lay_out(chain)
    assert drawn.places["constant"].y == drawn.places["b"].y


def test_a_circle_and_a_missing_layer_are_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        lay_out({"a": ["b"], "b": ["a"]})
    with pytest.raises(ValueError, match="no layer 'ghost'"):
        lay_out({"a": ["ghost"]})


def test_an_empty_net_is_an_empty_picture() -> None:
    assert lay_out({}).edges == ()
