"""Fixtures of the suite."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from .pages import Shop


@pytest.fixture(scope="session")
def chromium_options() -> dict[str, Any]:
    """What it takes to start this machine's Chromium."""
    args = ["--disable-background-networking"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        args.append("--no-sandbox")
    return {"executable_path": os.environ.get("CHROMIUM_PATH"), "args": args}


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], chromium_options: dict[str, Any]
) -> dict[str, Any]:
    return {**browser_type_launch_args, **chromium_options}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "reduced_motion": "reduce"}


@pytest.fixture(scope="session")
def base_url() -> str:
    return os.environ["SHOP_URL"]


@pytest.fixture(scope="session")
def pages_url() -> str:
    """The origin of the awkward pages."""
    return os.environ["PAGES_URL"]


@pytest.fixture
def shop(page: Page) -> Shop:
    return Shop(page)


@pytest.fixture
def visit(page: Page, pages_url: str) -> Callable[[str], Page]:
    """Opens one of the awkward pages."""

    def opened(name: str) -> Page:
        page.set_default_timeout(10_000)
        page.goto(f"{pages_url}/{name}.html")
        return page

    return opened
