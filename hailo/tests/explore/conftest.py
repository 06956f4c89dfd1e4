"""A small study as fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasnet2hef.explore.explore import ExploreOptions
from tests.explore.small_study import make_options, write_net, write_speech


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_speech(tmp_path_factory.mktemp("voices") / "speech")


@pytest.fixture(scope="session")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_net(tmp_path_factory.mktemp("net") / "net.pth")


@pytest.fixture
def options(net: Path, speech: Path, tmp_path: Path) -> ExploreOptions:
    return make_options(net, speech, tmp_path)
