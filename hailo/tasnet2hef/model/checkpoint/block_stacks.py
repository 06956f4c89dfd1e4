"""Split the count of TCN blocks into repeats of a stack; the weights tell only the product."""

from __future__ import annotations

from collections.abc import Mapping

from tasnet2hef.base.errors import CheckpointError

_DEFAULT_BLOCKS = 8


def blocks_and_repeats(
    where: str, total: int, said: Mapping[str, object]
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return ``n_blocks`` and ``n_repeats``, and a note if neither was said.

    Refuses a product that is not the ``total`` of blocks in the weights, and a total that 8 does not divide when
    nothing was said.

    >>> blocks_and_repeats("x", 24, {"n_repeats": 4})
    ({'n_blocks': 6, 'n_repeats': 4}, ())
    """
    blocks, repeats = (_count(where, name, said) for name in ("n_blocks", "n_repeats"))
    if blocks is None and repeats is None:
        return _assumed(where, total)
    if blocks is None:
        assert repeats is not None
        blocks = total // repeats
    elif repeats is None:
        repeats = total // blocks
    if blocks * repeats != total:
        words = " and ".join(f"{name}={said[name]}" for name in ("n_blocks", "n_repeats") if name in said)
        raise CheckpointError(
            f"{where}: found {words} in the options and {total} TCN blocks in the weights, expected "
            f"n_blocks times n_repeats to be {total}; mend the options"
        )
    return {"n_blocks": blocks, "n_repeats": repeats}, ()


def _count(where: str, name: str, said: Mapping[str, object]) -> int | None:
    value = said.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise CheckpointError(f"{where}: {name}: found {value!r}, expected a whole number of at least 1")
    return value


def _assumed(where: str, total: int) -> tuple[dict[str, object], tuple[str, ...]]:
    if total % _DEFAULT_BLOCKS:
        raise CheckpointError(
            f"{where}: found {total} TCN blocks, expected a multiple of {_DEFAULT_BLOCKS} when nothing says how "
            "they repeat; give n_blocks, the number of blocks before the dilation starts again at 1"
        )
    repeats = total // _DEFAULT_BLOCKS
    note = (
        f"n_blocks: assumed {_DEFAULT_BLOCKS}, n_repeats {repeats} (the default stack; dilations 1 to 128); the "
        f"weights say only that there are {total} blocks, set n_blocks if it is another"
    )
    return {"n_blocks": _DEFAULT_BLOCKS, "n_repeats": repeats}, (note,)
