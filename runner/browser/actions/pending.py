"""What a page has put off while something was typed: it may still change its mind about what it has taken."""

from __future__ import annotations

from typing import Final

# Code that sets itself again and again is a clock or a poll, and says nothing about the field; nor does what is set
# while a picture is drawn, unless something that is waited for has asked for that. Functions that are to draw the next
# picture, and were so before the watch, run between the events of a picture and what the watch itself asks for. What is
# overdue is waited for a little, too: the machine may be slow.
PENDING: Final = """
  const pendingKey = Symbol.for('jumpseat.pending');
  const watchPending = () => {
    window[pendingKey]?.stop();
    const { setTimeout: later, clearTimeout: clear, fetch, requestAnimationFrame: paint } = window;
    const { prototype } = XMLHttpRequest, { send } = prototype;
    const seen = { open: new Map(), asked: 0, ended: 0, later }, rounds = new Map();
    let following = false, drawing = false, older = false;
    const ended = () => { seen.asked -= 1; seen.ended = performance.now(); };
    const timer = (act, delay, ...given) => {
      const idle = drawing || (older && window.event === undefined);
      if (typeof act !== 'function' || delay > 500 || idle) return later.call(window, act, delay, ...given);
      const text = String(act), code = text.includes('[native code]') ? act : text;
      const now = performance.now(), known = rounds.get(code) ?? { due: 0, number: 0 };
      const round = { due: now + (+delay || 0), number: known.number + (now >= known.due) };
      rounds.set(code, round);
      const follow = (...passed) => {
        seen.open.delete(id);
        following = true;
        try { return act(...passed); } finally { following = false; }
      };
      const id = later.call(window, follow, delay, ...given);
      if (round.number < 4) seen.open.set(id, round.due);
      return id;
    };
    const clearing = id => { seen.open.delete(id); clear.call(window, id); };
    const painting = act => {
      const idle = !following && window.event === undefined, frame = {};
      if (!idle) seen.open.set(frame, performance.now());
      return paint.call(window, now => {
        seen.open.delete(frame);
        drawing = idle;
        try { return act(now); } finally { drawing = false; }
      });
    };
    const asking = (...given) => {
      const answer = fetch.apply(window, given);
      seen.asked += 1;
      answer.then(ended, ended);
      return answer;
    };
    const sending = function (...given) {
      seen.asked += 1;
      this.addEventListener('loadend', ended, { once: true });
      return send.apply(this, given);
    };
    Object.assign(window, {
      setTimeout: timer, clearTimeout: clearing, fetch: asking, requestAnimationFrame: painting,
    });
    prototype.send = sending;
    seen.stop = () => {
      if (window.setTimeout === timer) Object.assign(window, { setTimeout: later, clearTimeout: clear });
      if (window.fetch === asking) window.fetch = fetch;
      if (window.requestAnimationFrame === painting) window.requestAnimationFrame = paint;
      if (prototype.send === sending) prototype.send = send;
      if (window[pendingKey] === seen) delete window[pendingKey];
    };
    window[pendingKey] = seen;
    const picture = new Animation(new KeyframeEffect(null, null, 0));
    picture.onfinish = () => { older = true; };
    picture.finish();
    paint.call(window, () => { older = false; picture.onfinish = null; });
    later.call(window, seen.stop, 10000);
  };
  const settlePending = async (most = 1000) => {
    const seen = window[pendingKey], end = performance.now() + most;
    if (!seen) return;
    const busy = now => seen.asked > 0 || now - seen.ended < 20 || [...seen.open.values()].some(due => now - due < 300);
    while (busy(performance.now()) && performance.now() < end)
      await new Promise(done => seen.later.call(window, done, 10));
    seen.stop();
  };"""
"""Defines ``watchPending()``, which notes timers of up to half a second and requests that the page begins from then on,
and ``settlePending()``, which waits for them, for 1 s at most, and ends the watch.
"""
