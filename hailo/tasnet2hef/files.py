"""Files written beside their place and then renamed, so that nothing half-written is ever left behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasnet2hef.errors import OptionError


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Yield a temporary path in ``path``'s folder; rename it to ``path`` on success, remove it otherwise.

    The folder is made if it is missing.

    Raises:
        OptionError: the place can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise OptionError(f"{path}: is a folder; give the name of a file")
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise OptionError(f"{path}: can't be written ({error.strerror}); choose another place with -o") from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as error:
        raise OptionError(f"{path}: can't be written ({error.strerror}); choose another place with -o") from error
    finally:
        temporary.unlink(missing_ok=True)
