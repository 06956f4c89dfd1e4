"""Questions of a search as graphs to try: the one that is asked, and those that may be asked next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import onnx

from tasnet2hef.base.errors import GraphError
from tasnet2hef.diagnose.reduce.attempts import AttemptRunner
from tasnet2hef.diagnose.reduce.delta_debugging import SearchState, likely

Question = TypeVar("Question")


class Trials(Generic[Question]):
    """Asks about the graphs that ``make`` makes of questions; where it can make none, the answer is no.

    ``change`` names what is changed, by default the question itself.
    """

    def __init__(
        self, attempts: AttemptRunner, make: Callable[[Question], onnx.ModelProto], change: str = ""
    ) -> None:
        self._attempts, self._make, self._change = attempts, make, change
        self._coming: Iterator[Question] = iter(())
        self._made: tuple[Question | None, onnx.ModelProto | None] = (None, None)

    def fails(self, question: Question) -> bool:
        """Return whether the graph still fails in the same way; see ``AttemptRunner.fails``."""
        candidate = self._candidate(question)
        if candidate is None:
            return False
        return self._attempts.fails(candidate, self._change or str(question), self._candidates())

    def ahead(self, state: SearchState[Any]) -> None:
        """Take the questions that may follow that of ``state`` for those that come."""
        self._coming = likely(state, self._known)

    def _candidates(self) -> Iterator[tuple[onnx.ModelProto, str]]:
        """Yield the graphs that may be asked about next; each is made when it is taken."""
        for question in self._coming:
            if (candidate := self._candidate(question)) is not None:
                yield candidate, self._change or str(question)

    def _known(self, question: Question) -> bool | None:
        candidate = self._candidate(question)
        return False if candidate is None else self._attempts.known(candidate)

    def _candidate(self, question: Question) -> onnx.ModelProto | None:
        """Return a question's graph; the last one is kept, since it is asked for twice in a row."""
        if self._made[0] is not question:
            try:
                self._made = (question, self._make(question))
            except GraphError:  # no graph can be cut there, or shapes no longer fit together
                self._made = (question, None)
        return self._made[1]
