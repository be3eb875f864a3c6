"""What of a page's timers is waited for: what came of what was done, and no clock."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from runner.browser.actions.pending import PENDING

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG_MS = 600_000
"""Longer than a test may take: a wait that does not end by itself fails it."""
TYPED = f"""async () => {{ {PENDING}
  watchPending();
  const field = document.querySelector('input');
  field.value = 'typed';
  field.dispatchEvent(new Event('input'));
  await settlePending({LONG_MS});
  return field.value;
}}"""
"""Types, waits for what the page has put off, and says what the field holds then."""
CLOCKS = {
    "drawn": "const show = () => setTimeout(() => requestAnimationFrame(show), 20); show()",
    "named": "const tick = () => setTimeout(tick, 20); tick()",
    "nameless": "const tick = () => setTimeout(() => tick(), 20); tick()",
}
REVERTS = {
    "at once": "setTimeout(revert, 100)",
    "after a picture": "requestAnimationFrame(() => setTimeout(revert, 100))",
    "after a timer and a picture": "setTimeout(() => requestAnimationFrame(() => setTimeout(revert, 100)), 50)",
    "by a function of somebody else's": "setTimeout(revert.bind(null), 100)",
}


@pytest.mark.parametrize("clock", ["", *CLOCKS.values()], ids=["no clock", *CLOCKS])
@pytest.mark.parametrize("revert", REVERTS.values(), ids=REVERTS)
async def test_what_the_page_does_later_is_waited_for_and_a_clock_is_not(
    blank_page: Page, revert: str, clock: str
) -> None:
    script = f"""
      const field = document.querySelector('input'), revert = () => {{ field.value = 'reverted'; }};
      field.addEventListener('input', () => {revert});
      {clock}
    """
    await blank_page.set_content(f"<input><script>{script}</script>")
    assert await blank_page.evaluate(TYPED) == "reverted"


@pytest.mark.parametrize("put_off", ["setTimeout(revert, 100)", "requestAnimationFrame(() => setTimeout(revert, 100))"])
async def test_what_is_to_be_drawn_already_is_a_clock_and_what_a_scroll_puts_off_is_not(
    blank_page: Page, put_off: str
) -> None:
    """A function that draws asks for its next timer in the same picture in which the page hears of the scroll."""
    script = f"""
      let rounds = 0, reverted = false;
      const show = () => {{ rounds += 1; setTimeout(() => requestAnimationFrame(show), 400); }};
      const revert = () => {{ reverted = true; scrollTo(0, 0); }};
      addEventListener('scroll', () => {put_off}, {{ once: true }});
    """
    await blank_page.set_content(f"<div style='height: 3000px'></div><script>{script}</script>")
    scrolled = f"""async () => {{ {PENDING}
      requestAnimationFrame(show);
      watchPending();
      scrollTo(0, 500);
      await new Promise(requestAnimationFrame);
      await settlePending({LONG_MS});
      return {{ reverted, rounds }};
    }}"""
    seen = await blank_page.evaluate(scrolled)
    assert seen["reverted"]
    assert seen["rounds"] < 4
