"""The wait for what a page puts off when something is done to it, and the look at what came of it then."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import JSHandle, Locator

from runner.browser.actions.read_back import read_back

_LONGEST_MS: Final = 400
"""How far ahead a page may put off what takes back a choice; what it puts off for longer is a part of its own."""
_PATIENCE_MS: Final = 1200
"""How long an answer of the page's server is waited for, and all that follows from it."""
_LOOK_MS: Final = 1000.0
# Timers and requests that the page begins from now on, until it has `settled`, in the page's own world.
_WATCH: Final = f"""() => {{
  const ask = window.fetch, {{ setTimeout: later, XMLHttpRequest: Request }} = window;
  const send = Request.prototype.send;
  let until = 0, open = 0;
  const restore = [];
  const replace = (owner, name, original, own) => {{
    owner[name] = own;
    restore.push(() => {{ if (owner[name] === own) owner[name] = original; }});
  }};
  const opened = () => {{
    let closed = false;
    open += 1;
    return () => {{ open -= closed ? 0 : 1; closed = true; }};
  }};
  replace(window, 'setTimeout', later, function setTimeout(handler, delay, ...rest) {{
    if (!(Number(delay) > {_LONGEST_MS})) until = Math.max(until, performance.now() + (Number(delay) || 0));
    return later.call(window, handler, delay, ...rest);
  }});
  replace(window, 'fetch', ask, function fetch(...given) {{
    const close = opened(), answer = ask.apply(window, given);
    answer.then(close, close);
    return answer;
  }});
  replace(Request.prototype, 'send', send, function (...given) {{
    this.addEventListener('loadend', opened());
    return send.apply(this, given);
  }});
  const turn = async () => {{
    await Promise.race([new Promise(requestAnimationFrame), new Promise(done => later.call(window, done, 60))]);
    await new Promise(done => later.call(window, done, 0));
  }};
  const settled = async () => {{
    const end = performance.now() + {_PATIENCE_MS};
    for (;;) {{
      await turn();
      const wait = until - performance.now();
      if (performance.now() > end || (open < 1 && wait <= 0)) break;
      if (wait > 0) await new Promise(done => later.call(window, done, wait));
    }}
    restore.forEach(each => each());
  }};
  later.call(window, () => restore.forEach(each => each()), {20 * _LONGEST_MS});
  return {{ settled }};
}}"""


class Settling:
    """Notices what the page of an element puts off from `begin` on: timers, and requests to its server."""

    def __init__(self, watch: JSHandle | None) -> None:
        self._watch = watch

    @classmethod
    async def begin(cls, locator: Locator) -> Settling:
        try:
            watch = await asyncio.wait_for(locator.evaluate_handle(_WATCH, timeout=_LOOK_MS), _LOOK_MS / 1000)
        except (PlaywrightError, TimeoutError):
            return cls(None)
        return cls(watch)

    async def wait(self) -> None:
        """Waits until nothing of that is left; a page that goes on for long is left to itself."""
        if self._watch is None:
            return
        try:
            settled = self._watch.evaluate("watch => watch.settled()")
            await asyncio.wait_for(settled, (_PATIENCE_MS + _LONGEST_MS + _LOOK_MS) / 1000)
        except (PlaywrightError, TimeoutError):
            return

    async def read_back(self, locator: Locator, script: str, argument: object = None) -> Any | None:  # noqa: ANN401
        """Returns what the script says of the element then; see `read_back.read_back`."""
        if self._watch is None:
            return await read_back(locator, script, argument)
        await self.wait()
        try:
            look = locator.evaluate(script, argument, timeout=_LOOK_MS)
            return await asyncio.wait_for(look, 2 * _LOOK_MS / 1000)
        except (PlaywrightError, TimeoutError):
            return None
