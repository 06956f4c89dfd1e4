"""Which tasks of a run may begin, and whose results are still needed."""

from __future__ import annotations

from tasnet2hef.base.workers import DFC, Task
from tasnet2hef.base.workers.plan import Plan
from tests.base.workers.functions import nothing

NO_NEEDS: frozenset[str] = frozenset()
COMPILE = frozenset({DFC})


def _task(key: str, *inputs: str, needs: frozenset[str] = NO_NEEDS) -> Task:
    return Task(key, nothing, inputs=inputs, needs=needs)


def _taken(plan: Plan, most: int = 9) -> list[str]:
    return [task.key for task in plan.take(NO_NEEDS, most)]


def test_a_task_begins_when_its_inputs_have_ended() -> None:
    plan = Plan([_task("a"), _task("b"), _task("c", "a", "b")])
    assert _taken(plan) == ["a", "b"]
    assert plan.succeed("b") == []
    assert _taken(plan) == []
    plan.succeed("a")
    assert _taken(plan) == ["c"]


def test_tasks_begin_in_their_order_also_those_that_waited() -> None:
    plan = Plan([_task("a"), _task("b", "a"), _task("c"), _task("d")])
    assert _taken(plan, 1) == ["a"]
    plan.succeed("a")
    assert _taken(plan) == ["b", "c", "d"]


def test_a_result_is_needed_until_its_last_user_has_ended() -> None:
    plan = Plan([_task("a"), _task("b", "a"), _task("c", "a", "a")])
    plan.succeed("a")
    assert plan.is_needed("a")
    assert plan.succeed("b") == []
    assert plan.succeed("c") == ["a"]
    assert not plan.is_needed("a")
    assert plan.left == 0


def test_all_that_use_a_task_end_with_it() -> None:
    plan = Plan([_task("other"), _task("a"), _task("b", "a"), _task("d", "other", "b"), _task("free", "other")])
    plan.succeed("other")
    assert plan.fail("a") == (["a", "b", "d"], [])
    assert plan.left == 1
    assert plan.succeed("free") == ["other"]


def test_what_only_a_lost_task_needed_is_let_go() -> None:
    plan = Plan([_task("large"), _task("a"), _task("b", "a", "large")])
    plan.succeed("large")
    assert plan.fail("a") == (["a", "b"], ["large"])


def test_tasks_of_one_kind_don_t_stand_in_the_way_of_another() -> None:
    plan = Plan([_task("c1", needs=COMPILE), _task("c2", needs=COMPILE), _task("a")])
    assert plan.needs == {COMPILE, NO_NEEDS}
    assert [task.key for task in plan.take(COMPILE, 1)] == ["c1"]
    assert _taken(plan) == ["a"]
    assert plan.needs == {COMPILE}
