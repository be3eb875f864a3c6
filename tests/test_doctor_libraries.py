"""What `jumpseat doctor` says of the libraries whose private names are used."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from jumpseat.doctor import check_libraries


def test_the_tested_versions_are_well() -> None:
    name, ok, said = check_libraries()
    assert (name, ok) == ("libraries", True)
    for library in ("aiortc", "aioice", "livekit", "playwright"):
        assert f"{library} {version(library)}" in said


def test_another_version_is_named_and_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jumpseat.doctor.version", lambda name: "99.0" if name == "aiortc" else version(name))
    _, ok, said = check_libraries()
    assert ok is None
    assert f"aiortc 99.0 (tested with {version('aiortc')})" in said
    assert f"aioice {version('aioice')}," in said


def test_nothing_is_compared_where_the_tested_versions_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jumpseat.doctor._CONSTRAINTS", "nowhere.txt")
    _, ok, said = check_libraries()
    assert ok is None
    assert "tested versions are not known" in said
