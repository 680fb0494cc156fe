"""Markers, the profile of hypothesis, and fixtures that several files share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import SHARED, write_rules
from hypothesis import HealthCheck, settings

import cleaner

settings.register_profile("ci", derandomize=True, deadline=None, database=None, print_blob=True, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_configure(config: pytest.Config) -> None:
    """Say what the markers mean."""
    config.addinivalue_line("markers", "shared: needs the folder ../shared with the seeds and the corpora")
    config.addinivalue_line("markers", "slow: takes seconds, because its input is very large")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs ../shared where it is not there."""
    if not SHARED.is_dir():
        skip = pytest.mark.skip(reason=f"there is no {SHARED}")
        for item in items:
            if "shared" in item.keywords:
                item.add_marker(skip)


@pytest.fixture(scope="session", autouse=True)
def _nobodys_rules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The rules and the cache of whoever runs the tests play no part, in this process and in those it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CLEANER_RULES", raising=False)
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.setenv("CLEANER_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def shipped(_nobodys_rules: None) -> cleaner.Cleaner:
    """A cleaner with the shipped rules and no others."""
    return cleaner.Cleaner()


@pytest.fixture
def rule_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write rule files into a new folder: ``rule_folder({"lang/fr.txt": "language: fr"})``."""
    count = iter(range(1000))

    def make(files: dict[str, str]) -> Path:
        return write_rules(tmp_path / f"rules{next(count)}", files)

    return make


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is installed, a test that is skipped is a test that fails: CI sets ``CLEANER_NO_SKIPS``."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("CLEANER_NO_SKIPS") or reporter is None or session.exitstatus != pytest.ExitCode.OK:
        return
    skipped = [str(report.longrepr) for report in reporter.stats.get("skipped", ())]
    wrong = [reason for reason in skipped if "failed to find libmagic" not in reason]  # a library of the system, which pip cannot install
    if wrong:
        reporter.write_line("skipped where nothing may be: " + "; ".join(wrong))
        session.exitstatus = 1
