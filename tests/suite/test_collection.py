"""Which tests a command line names."""

from __future__ import annotations

from pathlib import Path

import pytest

from jumpseat.settings import BadSetting
from jumpseat.suite.collection import Collected, collect

TEST = "url: http://shop.test/\ninstructions: Click 'Buy'\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "b.yaml": TEST,
        "a.yml": f"name: Pay by card\n{TEST}",
        "deep/c.json": '{"url": "http://shop.test/", "steps": []}',
        "deep/package.json": '{"name": "shop"}',
        "node_modules/d.yaml": TEST,
        ".hidden/e.yaml": TEST,
        "notes.txt": TEST,
    }.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return tmp_path


def collected(*paths: Path, grep: str | None = None) -> Collected:
    return collect(paths, grep=grep, environment={}, default_planner="plain", uploads_here=True)


def found(folder: Path, given: Collected) -> list[str]:
    return [test.path.relative_to(folder).as_posix() for test in given.tests]


def test_a_folder_is_searched_at_any_depth_and_says_what_it_leaves_out(folder: Path) -> None:
    given = collected(folder)
    assert found(folder, given) == ["a.yml", "b.yaml", "deep/c.json"]
    assert given.left_out == (folder / "deep/package.json",)


def test_files_come_in_the_order_in_which_they_are_named_and_once(folder: Path) -> None:
    assert found(folder, collected(folder / "b.yaml", folder, folder / "a.yml")) == ["b.yaml", "a.yml", "deep/c.json"]


@pytest.mark.parametrize(("pattern", "expected"), [("*.y*ml", ["a.yml", "b.yaml"]), ("**/c.*", ["deep/c.json"])])
def test_a_glob_that_the_shell_has_left_is_read(folder: Path, pattern: str, expected: list[str]) -> None:
    assert found(folder, collected(folder / pattern)) == expected


def test_a_file_whose_name_looks_like_a_glob_is_that_file(folder: Path) -> None:
    (folder / "a[1].yaml").write_text(TEST)
    assert found(folder, collected(folder / "a[1].yaml")) == ["a[1].yaml"]


@pytest.mark.parametrize(("text", "expected"), [("CARD", ["a.yml"]), ("deep", ["deep/c.json"])])
def test_grep_looks_at_names_and_files_in_any_case(folder: Path, text: str, expected: list[str]) -> None:
    assert found(folder, collected(folder, grep=text)) == expected


def test_what_is_wrong_is_told_of_every_file_before_any_is_run(folder: Path) -> None:
    (folder / "x.yaml").write_text("url: http://shop.test/\ninstructions: Fly to 'Rome'\n")
    (folder / "y.yaml").write_text("url: [")
    with pytest.raises(BadSetting) as error:
        collected(folder)
    first, second = str(error.value).splitlines()
    assert (str(folder / "x.yaml:2") in first, str(folder / "y.yaml") in second) == (True, True)


@pytest.mark.parametrize(
    ("path", "grep", "said"),
    [
        ("gone.yaml", None, "gone.yaml: cannot be read"),
        ("deep/package.json", None, "url"),
        ("*.toml", None, "*.toml: no file is called so"),
        ("node_modules/empty", None, "there is no test file"),
        (".", "zeppelin", "--grep: none of the 3 tests"),
    ],
)
def test_nothing_to_run_is_said_in_a_sentence(folder: Path, path: str, grep: str | None, said: str) -> None:
    (folder / "node_modules/empty").mkdir()
    with pytest.raises(BadSetting) as error:
        collected(folder / path, grep=grep)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_tests_whose_sentences_upload_files_go_by_folder(folder: Path) -> None:
    (folder / "deep/cv.pdf").write_text("CV")
    upload = folder / "deep/upload.yaml"
    upload.write_text("url: http://shop.test/\ninstructions: Upload 'cv.pdf' to 'Resume'\n")
    groups = {where: [test.path for test in tests] for where, tests in collected(folder / "a.yml", upload).by_uploads()}
    assert groups == {None: [folder / "a.yml"], folder / "deep": [upload]}
