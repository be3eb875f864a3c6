"""What keeps a page going that opens dialogs by the thousand: it answers them itself, as browsers do when asked to."""

from __future__ import annotations

from typing import Final

_MOST: Final = 200
_WITHIN_MS: Final = 10_000
FLOOD_SCRIPT: Final = (
    f"(() => {{ const most = {_MOST}, within = {_WITHIN_MS};"
    """
  const clock = performance, now = performance.now, opened = [];
  const flooded = () => {
    const at = now.call(clock);
    if (opened.length === most && at - opened[0] < within) return true;
    opened.push(at);
    if (opened.length > most) opened.shift();
    return false;
  };
  const answers = { alert: undefined, confirm: true, prompt: null };
  for (const [name, answer] of Object.entries(answers)) {
    const apply = (native, self, given) => flooded() ? answer : Reflect.apply(native, self, given);
    window[name] = new Proxy(window[name], { apply });
  }
})()"""
)
"""For every document, before its own scripts: beyond so many dialogs in ten seconds, which a person could not read
anyway, none is opened, and each is answered as it would be by default. A browser takes 5 ms for each."""
