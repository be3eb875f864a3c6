// Runs in an isolated world of every document: knows the fields to cover, and where they have been lately.
(() => {
  if (globalThis.jumpseatFields) return;
  const SHORTEST = 3, KEPT_MS = 2000, AWAKE_MS = 1500, PATIENCE_MS = 600, SCAN_MS = 250;
  const known = new WeakSet(), numbers = new WeakMap();
  const roots = new Set(), frames = new Map();
  let shown = new Set(), samples = [], awakeUntil = 0, awake = false, waiting = [], scanning = 0, next = 0;
  let expecting = false, noting = false, reported = false;
  const noted = new Set();
  const now = () => performance.timeOrigin + performance.now();
  const isField = node => node.localName === 'input' || node.localName === 'textarea';
  const hides = node => isField(node)
    && (node.type === 'password' || getComputedStyle(node).webkitTextSecurity !== 'none');

  const report = () => {
    if (reported === shown.size > 0) return;
    reported = !reported;
    jumpseatReport(reported ? 'some' : 'none');
  };
  const add = node => {
    known.add(node);
    if (!numbers.has(node)) numbers.set(node, (next += 1));
    if (node.isConnected) shown.add(node);
    report();
  };
  const observe = root => {
    if (roots.has(root)) return;
    roots.add(root);
    observer.observe(root, {
      subtree: true, childList: true, attributes: true, attributeFilter: ['type'], attributeOldValue: true,
    });
  };
  const observer = new MutationObserver(records => {
    for (const { type, target, oldValue, addedNodes } of records) {
      if (type === 'attributes') {
        if (target.localName === 'input' && (target.type === 'password' || oldValue?.toLowerCase() === 'password'))
          add(target);
        continue;
      }
      for (const node of addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE) continue;
        if (node.localName === 'input' && node.type === 'password') add(node);
        for (const field of node.querySelectorAll('input[type=password i]')) add(field);
      }
    }
    scanning ||= setTimeout(scan, SCAN_MS);
  });
  const look = (root, found) => {
    observe(root);
    for (const node of root.querySelectorAll('*')) {
      if (!known.has(node) && hides(node)) add(node);
      if (known.has(node)) found.add(node);
      if (node.shadowRoot) look(node.shadowRoot, found);
    }
    return found;
  };
  const scan = () => {
    clearTimeout(scanning);
    scanning = 0;
    for (const root of roots) if (root.host && !root.host.isConnected) roots.delete(root);
    shown = look(document, new Set());
    report();
  };

  // A second field often stands in for the first while its text is shown.
  const addTwins = () => {
    const values = new Set([...shown].map(node => node.value).filter(value => value?.length >= SHORTEST));
    if (!values.size) return;
    for (const root of roots)
      for (const node of root.querySelectorAll('input, textarea'))
        if (!known.has(node) && values.has(node.value)) add(node);
  };
  const boxOf = node => {
    if (!node.checkVisibility({ visibilityProperty: true })) return null;
    const box = node.getBoundingClientRect(), seen = visualViewport;
    let { left, top, right, bottom } = box;
    if (!isField(node) && node.localName !== 'iframe' && node.localName !== 'frame') {
      const range = document.createRange();
      range.selectNodeContents(node);
      const text = range.getBoundingClientRect();
      if (text.width) {
        left = Math.min(left, text.left); top = Math.min(top, text.top);
        right = Math.max(right, text.right); bottom = Math.max(bottom, text.bottom);
      }
    }
    if (right <= left || bottom <= top) return null;
    const x = at => (at - seen.offsetLeft) * seen.scale, y = at => (at - seen.offsetTop) * seen.scale;
    return [x(left), y(top), x(right), y(bottom)];
  };
  const sample = () => {
    addTwins();
    const boxes = new Map();
    for (const node of shown) {
      const box = node.isConnected && boxOf(node);
      if (box) boxes.set(numbers.get(node), box);
    }
    for (const [token, node] of frames) {
      const box = node.isConnected && boxOf(node);
      if (!box) continue;
      const scale = (box[2] - box[0]) / (node.offsetWidth || 1);
      boxes.set(token, [...box, node.clientLeft * scale, node.clientTop * scale, scale]);
    }
    const at = now();
    samples.push({ at, boxes });
    while (samples.length > 2 && samples[1].at < at - KEPT_MS) samples.shift();
  };
  const tick = () => {
    sample();
    for (const done of waiting.splice(0)) done();
    awake = now() < awakeUntil;
    if (awake) requestAnimationFrame(tick);
  };
  const wake = () => {
    awakeUntil = now() + AWAKE_MS;
    if (!awake) requestAnimationFrame(tick);
    awake = true;
  };
  const focused = () => {
    let node = document.activeElement;
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    return node;
  };
  const take = node => {
    if (expecting || hides(node)) add(node);
    else if (noting) noted.add(node);
  };
  const takeFocused = () => {
    const node = focused();
    const written = node && (isField(node) || node.localName === 'select' || node.isContentEditable);
    if (written && document.hasFocus()) take(node);
  };

  for (const kind of ['focusin', 'beforeinput', 'input', 'change'])
    addEventListener(kind, event => {
      const [node] = event.composedPath();
      if (node.nodeType !== Node.ELEMENT_NODE) return;
      const root = node.getRootNode();
      if (!roots.has(root)) observe(root);
      take(node);
    }, true);
  scan();
  document.addEventListener('DOMContentLoaded', scan);
  addEventListener('load', scan);

  globalThis.jumpseatFields = {
    // What gets input while something is expected is covered from then on, the field that has the focus included; what
    // gets input while it is only noted is covered once it no longer is.
    expect(now, note) {
      takeFocused();
      [expecting, noting] = [now, note];
      takeFocused();
      if (noting) return;
      for (const node of noted) add(node);
      noted.clear();
    },
    addFrame(token, node) {
      frames.set(token, node);
    },
    // A picture in base64 that stands for the page, with a sentence in its middle.
    async still(sentence, width, height) {
      const canvas = new OffscreenCanvas(width, height), paper = canvas.getContext('2d');
      paper.fillStyle = '#23272e';
      paper.fillRect(0, 0, width, height);
      Object.assign(paper, { fillStyle: '#e8eaed', textAlign: 'center', textBaseline: 'middle' });
      paper.font = `${Math.max(14, Math.round(width / 40))}px system-ui, sans-serif`;
      paper.fillText(sentence, width / 2, height / 2, width * 0.9);
      const drawn = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
      return btoa(String.fromCharCode(...new Uint8Array(await drawn.arrayBuffer())));
    },
    // Where each field and frame has been from `since` on, as the union of its boxes. The compositor moves things by
    // itself, and only a frame that begins after the picture tells how far it was. Between two frames it may have gone
    // beyond both, by as much as they are apart; where they come seldom, more of them count.
    async boxes(since) {
      const at = now();
      wake();
      const fresh = await new Promise(done => {
        waiting.push(() => done(true));
        setTimeout(done, PATIENCE_MS, document.hidden);
      });
      sample();
      const late = samples.slice(1).map((each, index) => each.at - samples[index].at);
      const seldom = Math.max(0, ...late.filter((_, index) => samples[index + 1].at > at - 1000));
      const from = Math.min(since, at) - (seldom > 50 ? 4 * seldom : 0);
      const first = Math.max(0, samples.findLastIndex(each => each.at < from));
      const unions = {}, moved = {}, before = {};
      for (const { boxes } of samples.slice(first))
        for (const [token, box] of boxes) {
          const union = (unions[token] ??= [...box]), apart = (moved[token] ??= [0, 0]), last = before[token] ?? box;
          before[token] = box;
          for (const side of [0, 1]) union[side] = Math.min(union[side], box[side]);
          for (const side of [2, 3]) union[side] = Math.max(union[side], box[side]);
          for (const side of [0, 1, 2, 3])
            apart[side % 2] = Math.max(apart[side % 2], Math.abs(box[side] - last[side]));
        }
      for (const [token, [across, down]] of Object.entries(moved)) {
        const union = unions[token];
        [union[0], union[1], union[2], union[3]] =
          [union[0] - across, union[1] - down, union[2] + across, union[3] + down];
      }
      const own = {}, framed = {};
      for (const [token, union] of Object.entries(unions))
        (frames.has(token) ? framed : own)[token] = { box: union, moved: Math.max(...moved[token]) > 1 };
      return { own: Object.values(own).map(({ box }) => box), frames: framed, fresh };
    },
  };
})();
