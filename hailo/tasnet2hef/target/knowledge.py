"""What this machine knows of its compilers: the knowledge files that `probe` and `compile` wrote."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from tasnet2hef.base.errors import InputError
from tasnet2hef.target.known.knowledge import NOTHING_KNOWN, Knowledge
from tasnet2hef.target.known.knowledge_file import find_knowledge, load_knowledge, read_verdicts
from tasnet2hef.target.known.releases import parse_release
from tasnet2hef.target.rules.framework.discovery import all_rules


@lru_cache(maxsize=1)
def rule_ids() -> frozenset[str]:
    """Return the ids that a knowledge file may name."""
    return frozenset(rule.id for rule in all_rules())


def known_of(compiler: str, hardware: str) -> tuple[Knowledge, str]:
    """Return what this machine's probes recorded of a compiler (empty: of the newest) on a chip, and a note.

    A knowledge file that can't be read is not used; the note says so.
    """
    try:
        path = find_knowledge(compiler, hardware)
        return (NOTHING_KNOWN if path is None else load_knowledge(path, rule_ids())), ""
    except InputError as error:
        return NOTHING_KNOWN, f"knowledge file not used: {error}"


def knowledge_from(path: Path, compiler: str, hardware: str) -> Knowledge:
    """Return what a file of verdicts says of a compiler (empty: of the first one that it names) on a chip.

    Raises:
        InputError: the file can't be used, or says nothing of them.
    """
    rows = [row for row in read_verdicts(path, rule_ids()) if row.hw_arch == hardware]
    release = parse_release(compiler)
    versions = [row.dfc_version for row in rows if not compiler or parse_release(row.dfc_version) == release]
    if not versions:
        raise InputError(f"{path}: found nothing of DFC {compiler or '(any)'} on {hardware}; give another file")
    chosen = compiler if compiler in versions else versions[0]
    return Knowledge(chosen, hardware, tuple(row for row in rows if row.dfc_version == chosen))
