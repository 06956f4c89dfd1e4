"""Checks that the files of a net in segments, or in parts, belong together: graphs and HEFs alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tasnet2hef.base.errors import InputError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.runtime.backends.segment_names import part_name, paths_of_segments, segment_of

Shapes = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class SegmentChecks:
    """What is raised if segments do not fit each other, and the advice at the end of its message."""

    error: type[InputError]
    advice: str

    def sibling_paths(self, path: Path, contract: GraphContract) -> tuple[Path, ...]:
        """Return the paths of all segments of a net; ``contract`` is that of the segment at ``path``."""
        if contract.segments == 1:  # a whole graph, whatever its name
            return (path,)
        net = segment_of(path)
        if not net:
            name = part_name(contract) or "segment_NUMBER"
            raise self.error(
                f"{path}: found segment {contract.segment} by another name, expected NAME.{name}{path.suffix}"
            )
        return paths_of_segments(path.with_name(f"{net}{path.suffix}"), contract.segments, contract.ends)

    def require_one_export(
        self, paths: Sequence[Path], contracts: Sequence[GraphContract], chosen: GraphContract
    ) -> None:
        """Check that segments are numbered from 1 and share the rest of their contracts with the chosen one."""
        for number, (path, contract) in enumerate(zip(paths, contracts, strict=True), start=1):
            if contract != replace(chosen, segment=number):
                raise self.error(
                    f"{path}: found segment {contract.segment} of {contract.segments} of export "
                    f"{contract.segment_of or 'none'}, expected {number} of {chosen.segments} of export "
                    f"{chosen.segment_of}; {self.advice}"
                )

    def require_inputs(self, path: Path, inputs: Shapes, available: Shapes) -> None:
        """Check that a segment's inputs are among the tensors that are available before it, in name and shape."""
        for name, shape in inputs.items():
            expected = list(available[name]) if name in available else "no such tensor"
            if list(shape) != expected:
                raise self.error(
                    f"{path}: found an input {name} {list(shape)}, expected {expected} from the segments before; "
                    f"{self.advice}"
                )
