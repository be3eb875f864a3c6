"""What typing looks at before it types: whether the field takes text yet, and whether anything listens for keys."""

from __future__ import annotations

import pytest

from tests.runner.browser.driver_harness import OpenHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOG = "<p id=log></p><script>const say = text => { log.textContent += text + ';'; }; let ready = false;</script>"
LISTENS_LATE = f"""{LOG}<input aria-label="Name"><script>
  const field = document.querySelector('input');
  field.onfocus = () => setTimeout(() => {{ field.addEventListener('keyup', () => say('key')); }}, 0);
</script>"""
NOT_YET = ("disabled", "aria-disabled=true", "hidden")


async def test_a_page_that_listens_for_keys_once_a_field_has_the_focus_gets_keys(open_harness: OpenHarness) -> None:
    async with open_harness({"/": LISTENS_LATE}) as harness:
        await harness.show("/")
        await harness.do("type", selector="input", value="ab")
        await harness.text("#log", "key;key;")


@pytest.mark.parametrize("outer", [False, True], ids=["itself", "around"])
@pytest.mark.parametrize("state", NOT_YET)
async def test_no_key_reaches_a_field_before_it_takes_text(open_harness: OpenHarness, state: str, outer: bool) -> None:
    own, around = ("", state) if outer else (state, "")
    page = f"""{LOG}<fieldset {around}><input aria-label="Name" onkeydown="say(ready)" {own}></fieldset><script>
      setTimeout(() => {{
        ready = true;
        document.querySelector('[{state.partition("=")[0]}]').removeAttribute('{state.partition("=")[0]}');
      }}, 300);
    </script>"""
    async with open_harness({"/": page}) as harness:
        await harness.show("/")
        await harness.do("type", selector="input", value="ab")
        await harness.text("#log", "true;true;")
