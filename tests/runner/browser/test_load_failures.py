"""The sentences that people read where a page cannot be loaded: none has the browser's own codes."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Error as PlaywrightError

from runner.browser.playwright_errors import load_failure

URL = "http://shop.test/file"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Page.goto: Download is starting\nCall log:\n  - navigating", "a file to download, and no page"),
        (f"Page.goto: net::ERR_INVALID_AUTH_CREDENTIALS at {URL}", "user name and password in the address"),
        (f"Page.goto: net::ERR_TOO_MANY_RETRIES at {URL}", "user name and password again and again"),
        (f"Page.goto: net::ERR_HTTP_RESPONSE_CODE_FAILURE at {URL}", "with an error and without a page"),
        (f"Page.goto: net::ERR_INVALID_HTTP_RESPONSE at {URL}", "no web server"),
        (f"Page.goto: net::ERR_CONTENT_LENGTH_MISMATCH at {URL}", "cannot be read to its end"),
        (f"Page.goto: net::ERR_BAD_SSL_CLIENT_AUTH_CERT at {URL}", "a certificate that this browser has not"),
        (f"Page.goto: net::ERR_CERT_DATE_INVALID at {URL}", "certificate is not trusted"),
        (f"Page.goto: net::ERR_CACHE_MISS at {URL}", 'the browser says "cache miss"'),
        ("Page.goto: NS_ERROR_NET_ON_RESPONSE", 'the browser says "net on response"'),
    ],
)
def test_a_code_becomes_a_sentence(message: str, said: str) -> None:
    sentence = load_failure(URL, PlaywrightError(message), "5 s")
    assert sentence.startswith(f"{URL} cannot be loaded: ")
    assert said in sentence
    assert not re.search(r"ERR|net::|Download is starting", sentence)
