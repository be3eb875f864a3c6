"""The scripts that find the options of lists of every make, and look at what a list shows."""

from __future__ import annotations

from typing import Final

from runner.browser.page_functions import FOLD, FRAMES, HIT, PARENT, PATH, WITHIN

# Options that fit, best first: by value or label, then by label as it is read, then by a part of the words of just one.
FIND_NATIVE: Final = f"""(select, wanted) => {{
  const fold = {FOLD};
  const options = [...(select.options ?? select.list.options)].map((option, index) => ({{ option, index }}));
  const shared = [];
  const one = text => {{
    for (const fits of [
      each => each.value === text || each.label === text,
      each => fold(each.label) === fold(text) || fold(each.value) === fold(text),
    ]) {{
      const found = options.find(each => fits(each.option));
      if (found) return found.index;
    }}
    const part = fold(text) ? options.filter(each => fold(each.option.label).includes(fold(text))) : [];
    if (part.length > 1) shared.push({{ text, labels: part.map(each => each.option.label) }});
    return part.length === 1 ? part[0].index : -1;
  }};
  // What Playwright's `select_option` takes for just this option: its label, else its value.
  const key = ({{ option, index }}) => {{
    const first = text => options.findIndex(each => each.option.value === text || each.option.label === text);
    return option.label && first(option.label) === index ? option.label : option.value;
  }};
  return {{
    multiple: select.multiple,
    labels: options.map(each => each.option.label),
    values: options.map(each => each.option.value),
    keys: options.map(key),
    disabled: options.filter(each => each.option.matches(':disabled')).map(each => each.index),
    found: wanted.map(one),
    shared,
  }};
}}"""
SELECTED: Final = "select => [...select.selectedOptions].map(each => each.index)"

_FUNCTIONS: Final = f"""
  const fold = {FOLD}, parent = {PARENT}, hit = {HIT}, within = {WITHIN}, frames = {FRAMES}, path = {PATH};
"""
_LIBRARY: Final = r"""
  const LISTS = '[role=listbox], [role=menu], [role=tree], [role=radiogroup]';
  const OPTIONS = `[role=option], [role=menuitem], [role=menuitemradio], [role=menuitemcheckbox], [role=treeitem],
    :is([role=listbox], [role=radiogroup]) [role=radio]`;
  const ITEMS = 'li, tr, a, button, [class*=option i], [class*=item i], [aria-selected], [data-value], [tabindex]';
  const NEWS = '[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]';
  const STATES = ['aria-checked', 'aria-selected', 'aria-pressed', 'data-state', 'data-selected', 'data-checked'];
  // What only says where the pointer or the focus is.
  const PASSING = /^(id|tabindex|title|role|aria-posinset|aria-setsize|data-(focus|hover|active|highlight|press).*)$/;
  const PASSING_CLASS = /focus|hover|highlight|ripple|press|touch|enter|leave|animat/i;

  const every = root => [...root.querySelectorAll('*')].flatMap(each =>
    each.shadowRoot ? [each, ...every(each.shadowRoot)] : [each]);
  const plain = text => (text ?? '').replace(/[\u200b\u00ad]/g, '').replace(/\s+/g, ' ').trim();
  const clips = new Map();
  const clipped = node => {
    if (!node) return false;
    if (!clips.has(node)) {
      const { overflow, position } = getComputedStyle(node), box = node.getBoundingClientRect();
      const none = overflow !== 'visible' && (box.width < 2 || box.height < 2);
      clips.set(node, none || (position !== 'fixed' && clipped(parent(node))));
    }
    return clips.get(node);
  };
  const HOW = { checkOpacity: true, checkVisibilityCSS: true, opacityProperty: true, visibilityProperty: true };
  // Drawn where a person can see it, or scroll to it: neither transparent, nor clipped away, nor parked off the page.
  const seen = element => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && box.right + scrollX > 0 && box.bottom + scrollY > 0
      && element.checkVisibility(HOW) && !clipped(element);
  };

  const leaves = root => {
    const found = [], walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) if (plain(walk.currentNode.data)) found.push(walk.currentNode);
    return found;
  };
  const joined = nodes => plain(nodes.map(each => each.data).join(' '));
  const label = option => plain(option.innerText) || option.getAttribute('aria-label') || option.getAttribute('title')
    || joined(leaves(option));
  const attributes = option => ['aria-label', 'title', 'data-value', 'value'].map(name => option.getAttribute(name))
    .filter(Boolean);
  const parts = option => leaves(option).map(each => plain(each.data));
  const referred = (element, ...names) => names.flatMap(name => (element.getAttribute(name) ?? '').split(/\s+/))
    .filter(Boolean).map(id => element.getRootNode().getElementById?.(id)).filter(Boolean);
  const typed = control => control.matches('input, textarea, [contenteditable]:not([contenteditable=false])');
  const isList = control => control.matches(LISTS) && !typed(control) && !control.hasAttribute('aria-expanded');

  // Of what has come, what lies over the page, or stands by the control: a page draws other parts anew meanwhile, too.
  const popups = (come, control) => {
    const all = new Set(come), roots = come.filter(each => !all.has(parent(each)));
    const lies = root => [root, ...root.querySelectorAll('*')].slice(0, 6).some(each =>
      ['absolute', 'fixed'].includes(getComputedStyle(each).position));
    const near = [control.parentElement, control.parentElement?.parentElement, ...frames(control)]
      .filter(each => each && each !== document.body);
    const over = roots.filter(lies), beside = roots.filter(root => near.some(each => each.contains(root)));
    const chosen = over.length ? over : beside.length ? beside : roots;
    return come.filter(each => chosen.some(root => within(each, root)));
  };
  // The options that can be seen: the list's own; else those of the list that the control names, or that has come since
  // `before`, a set of what could be seen then; null where it was open already.
  const optionsOf = (control, before) => {
    const shown = every(document).filter(seen);
    const roled = found => found.filter(each => each.matches(OPTIONS));
    const items = found => found.filter(each => each.matches(ITEMS) && !each.matches(LISTS) && label(each));
    const texts = found => found.filter(each =>
      [...each.childNodes].some(node => node.nodeType === Node.TEXT_NODE && plain(node.data)));
    const of = found => [roled, items, texts].map(way => way(found)).find(each => each.length) ?? [];
    const lists = isList(control) ? [control, ...referred(control, 'aria-owns')]
      : [control, ...frames(control)].flatMap(each => referred(each, 'aria-controls', 'aria-owns'));
    const listed = shown.filter(each => each !== control && !lists.includes(each)
      && lists.some(list => within(each, list)));
    if (isList(control) || roled(listed).length) return of(listed);
    if (!before) return listed.length ? of(listed) : roled(shown);
    const come = shown.filter(each => !before.has(each) && !within(control, each));
    if (roled(come).length) return roled(come);
    if (listed.length) return of(listed);
    if (come.length) return of(popups(come, control));
    return roled(shown).filter(each => control.parentElement?.parentElement?.contains(each));
  };

  // The element that says of an option whether it is chosen.
  const holderOf = option => {
    const holder = option.closest(STATES.map(name => `[${name}]`).join(', '));
    return holder && leaves(holder).length === leaves(option).length && !holder.matches(LISTS) ? holder : option;
  };
  // Whether an option is marked as chosen, and by which attribute; null where nothing says so or otherwise.
  const state = option => {
    const holder = holderOf(option), box = holder.querySelector('input[type=checkbox], input[type=radio]');
    if (box) return { on: box.checked, name: null };
    const value = name => holder.getAttribute(name);
    const telling = STATES.filter(name => /^(true|false|checked|unchecked|on|off|)$/.test(value(name) ?? '?'));
    const on = name => /^(true|checked|on|)$/.test(value(name));
    const name = telling.find(on) ?? telling[0];
    return name ? { on: on(name), name, value: value(name) } : null;
  };
  const shownBy = (option, { name, value }) => {
    let up = 0;
    for (let node = option; node !== holderOf(option); node = node.parentElement) up += 1;
    return { shown: 'state', name, value, up };
  };
  const marks = option => {
    const holder = holderOf(option);
    const kept = [...holder.attributes].filter(each => !PASSING.test(each.name) && each.name !== 'class');
    return {
      attributes: Object.fromEntries(kept.map(each => [each.name, each.value])),
      classes: [...holder.classList].filter(each => !PASSING_CLASS.test(each)),
    };
  };
  const severally = (control, options) => {
    const lists = [control, options[0]?.closest(LISTS), ...referred(control, 'aria-controls')];
    return lists.some(each => each?.getAttribute('aria-multiselectable') === 'true')
      || options.some(each => holderOf(each).matches('[role=menuitemcheckbox], :has([type=checkbox])'))
      || options.filter(each => state(each)?.on).length > 1;
  };

  // The texts that can be read in an element, without the list's options, announcements, and the control's own label.
  const said = (element, control, options) => {
    const names = [...(control.labels ?? []), ...referred(control, 'aria-labelledby', 'aria-describedby')]
      .filter(each => !each.contains(control));
    const apart = `${LISTS}, ${OPTIONS}, ${NEWS}, option, label, legend, script, style`;
    return leaves(element).filter(({ parentElement }) => {
      const other = parentElement.closest(apart);
      return seen(parentElement) && (!other || other.contains(control))
        && ![...names, ...options].some(each => each.contains(parentElement));
    });
  };
  const reading = (control, options) => {
    if (typed(control) && 'value' in control) return control.value;
    return isList(control) ? '' : joined(said(control, control, options)) || (control.value ?? '');
  };
"""


def _script(arguments: str, body: str) -> str:
    return f"{arguments} => {{{_FUNCTIONS}{_LIBRARY}{body}}}"


LIST: Final = _script(
    "element",
    r"""
  const inner = `select, [role=combobox], [role=listbox], [aria-haspopup]:not([aria-haspopup=false]), [aria-expanded],
    input:not([type=hidden])`;
  if (element.matches(`${inner}, ${LISTS}, button, [role=button], textarea`)) return element;
  const listIn = each => each && (each.matches(inner) ? each : each.querySelector(inner));
  const labelled = element.localName === 'label' ? element.control : null;
  return labelled ?? listIn(element) ?? (element.localName === 'label' ? listIn(element.nextElementSibling) : null)
    ?? element;
""",
)
"""Answers the list that an element is, labels or holds."""
KIND: Final = _script(
    "control",
    r"""
  const hits = place => {
    const { left, right, top, bottom } = place.getBoundingClientRect();
    const found = hit((left + right) / 2, (top + bottom) / 2);
    return !found || within(found, place);
  };
  const box = control.getBoundingClientRect();
  if (box.top < 0 || box.bottom > innerHeight) control.scrollIntoView({ block: 'center', behavior: 'instant' });
  return {
    native: control.localName === 'select',
    list: isList(control),
    open: isList(control) || control.getAttribute('aria-expanded') === 'true',
    typed: typed(control) && !control.readOnly,
    field: typed(control) && 'value' in control,
    valued: control.matches('[role=combobox], [aria-haspopup=listbox], input'),
    modal: control.closest('dialog, [role=dialog], [role=alertdialog]') !== null,
    around: hits(control) ? 0 : 1 + frames(control).findIndex(hits),
    was: reading(control, []),
  };
""",
)
"""Answers what kind of list it is, what it shows (``was``), and how far around it is pressed: 0 for itself."""
BEFORE: Final = _script(
    "async (control, closed)",
    r"""
  // A list that was closed a moment ago may be on its way out, some frames after the key that has closed it.
  const frame = () => new Promise(done => requestAnimationFrame(done));
  const drawn = (async () => { for (let count = 0; closed && count < 4; count += 1) await frame(); })();
  await Promise.race([drawn, new Promise(done => setTimeout(done, 150))]);
  const ending = document.getAnimations().filter(each => each.effect?.getComputedTiming().endTime < 1000);
  const ended = Promise.allSettled(ending.map(each => each.finished));
  await Promise.race([ended, new Promise(done => setTimeout(done, 400))]);
  return new WeakSet(every(document).filter(seen));
""",
)
"""Answers what can be seen before a list is opened: the other scripts need it to know what has come.

``closed``: a list has just been closed by a key.
"""
FIND: Final = _script(
    "(control, { before, wanted, scroll })",
    r"""
  const options = optionsOf(control, before), text = fold(wanted);
  const innermost = found => found.filter(each => !found.some(other => other !== each && within(other, each)));
  const labels = found => [...new Set(found.map(label))];
  const answer = { option: null, offered: labels(innermost(options)), shared: [], moved: false };
  const ways = [
    each => fold(label(each)) === text,
    each => attributes(each).some(name => fold(name) === text),
    each => parts(each).some(name => fold(name) === text),
    each => text && fold(label(each)).includes(text),
  ];
  const way = ways.findIndex(fits => options.some(fits));
  if (way >= 0) {
    const found = innermost(options.filter(ways[way]));
    if (labels(found).length > 1) return { ...answer, shared: labels(found) };
    const [option] = found;
    const others = options.filter(each => !within(each, option) && !within(option, each) && leaves(each).length);
    const off = option.closest('[aria-disabled=true], :disabled, [class*=disabled i]');
    const words = ` ${fold(label(option)).replace(/[^\p{L}\p{N}]+/gu, ' ')} `;
    const spoken = parts(option).filter(part => /\p{L}{2}/u.test(part)
      && !others.some(each => parts(each).includes(part)));
    if (words.includes(` ${text.replace(/[^\p{L}\p{N}]+/gu, ' ').trim()} `)) spoken.push(wanted);
    return {
      ...answer, option, label: label(option), others: labels(others), spoken: [label(option), ...spoken],
      same: found.length, whole: way < 3, chosen: state(option)?.on ?? false, severally: severally(control, options),
      disabled: off !== null && leaves(off).length === leaves(option).length,
      action: option.closest('a, button, [role^=menuitem]') !== null,
      names: [label(option), ...attributes(option), ...spoken],
    };
  }
  let at = scroll ? options[0]?.parentElement : null;
  while (at && !(at.scrollHeight - at.clientHeight > 1 && /auto|scroll|hidden/.test(getComputedStyle(at).overflowY)))
    at = at.parentElement;
  if (at && at !== document.body && at !== document.documentElement) {
    const from = at.scrollTop;
    at.scrollBy({ top: 0.8 * at.clientHeight, behavior: 'instant' });
    answer.moved = Math.abs(at.scrollTop - from) >= 1;
  }
  return answer;
""",
)
"""Answers which option has the name, or which several do, and what is offered; may scroll the list on by a screen."""
STATE: Final = _script("option", "\n  return shownBy(option, state(option));\n")
"""Answers which attribute says of an option that it is chosen, ``up`` so many elements: null for a box in it."""
MARKS: Final = _script(
    "(option, { control, before, names })",
    r"""
  const others = optionsOf(control, before).filter(each => !within(option, each) && !within(each, option));
  const elsewhere = leaves(document.body).filter(each => names.some(name => fold(name) === fold(each.data)));
  return {
    others, marks: marks(option), on: state(option)?.on ?? null,
    elsewhere: new Set(elsewhere.filter(each => seen(each.parentElement))),
  };
""",
)
"""Answers how an option and its neighbours are marked before it is pressed, and where its words can be read then."""
LOOK: Final = _script(
    "(control, { option, earlier, names, spoken, others, kind, typed: keys, action, several })",
    r"""
  const there = option.isConnected && seen(option), list = [option, ...earlier.others];
  const named = text => fold(text) && names.some(name => fold(name) === fold(text));
  const quoted = name => fold(name).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  const has = (text, name) => fold(name)
    && new RegExp(`(?:^|[^\\p{L}\\p{N}])${quoted(name)}(?:$|[^\\p{L}\\p{N}])`, 'u').test(fold(text));
  // Longer names of other options that hold this one's are cut out before it is looked for.
  const shows = text => {
    const longer = others.filter(other => spoken.some(name => fold(other) !== fold(name) && has(other, name)));
    const left = longer.reduce((rest, other) => rest.replaceAll(fold(other), ' \u0001 '), fold(text));
    return spoken.some(name => has(left, name));
  };
  const another = text => others.some(other => has(text, other) && !spoken.some(name => has(name, other)));
  const relative = element => {
    const down = [];
    let around = control, up = 0;
    for (; around && !around.contains(element); around = around.parentElement) up += 1;
    for (let node = element; around && node !== around; node = node.parentElement)
      down.unshift(`/*[${[...node.parentElement.children].indexOf(node) + 1}]`);
    return around && (up ? `ancestor::*[${up}]` : '.') + down.join('');
  };
  const text = element => {
    return { shown: 'text', at: relative(element), css: path(element), value: plain(element.textContent) };
  };
  const nothing = { shown: null, held: null };
  const on = earlier.others.filter(each => each.isConnected && state(each)?.on).map(label);

  if (kind.list) {
    const now = there ? state(option) : null, then = earlier.marks, after = marks(option);
    if (now?.on) return shownBy(option, now);
    if (now || on.length) return { shown: null, held: on.join(', ') };
    const token = there && after.classes.find(each => !then.classes.includes(each));
    if (token) return { ...shownBy(option, { name: 'class', value: token }), shown: 'class' };
    const fresh = there && Object.entries(after.attributes).find(([name, value]) => then.attributes[name] !== value);
    if (fresh) return shownBy(option, { name: fresh[0], value: fresh[1] });
    const only = token => list.filter(one => one.classList.contains(token)).length < 2;
    const chosen = earlier.others.filter(each => each.isConnected
      && [...each.classList].some(token => /select|check|chosen|current|active/i.test(token) && only(token)));
    return { shown: null, held: chosen.length ? chosen.map(label).join(', ') : null };
  }

  const own = reading(control, list), same = fold(own) === fold(kind.was);
  if (kind.field) {
    const left = keys && there && fold(own) === fold(keys) && control.getAttribute('aria-expanded') === 'true';
    if (own && !left && (named(own) || (own !== keys && !same && shows(own) && !another(own))))
      return { shown: 'value', value: own };
  } else if (shows(own) && !(same && another(own) && !several)) {
    const nodes = said(control, control, list), one = nodes.find(each => shows(each.data));
    return text(one?.parentElement ?? control);
  }
  const around = frames(control).flatMap(each => said(each, control, list)).map(each => each.parentElement);
  const beside = around.find(each => !control.contains(each) && named(each.textContent));
  if (beside) return text(beside);
  const now = there ? state(option) : null;
  if (now?.on && (several || earlier.on === false)) return shownBy(option, now);
  const elsewhere = leaves(document.body).find(each => !earlier.elsewhere.has(each) && named(each.data)
    && seen(each.parentElement) && !each.parentElement.closest(`${LISTS}, ${OPTIONS}, ${NEWS}, option`)
    && !list.some(one => one.contains(each.parentElement)));
  if (elsewhere) return { ...text(elsewhere.parentElement), at: null };

  const outside = () => frames(control).map(each => joined(said(each, control, list))).find(Boolean) ?? '';
  const held = own || (kind.field || kind.valued ? outside() : '');
  if (another(held)) return { shown: null, held };
  const menu = !kind.valued && action && ![...names, ...others].some(name => has(kind.was, name));
  if (menu || (!same && /^\d+\b/.test(own))) return nothing;
  const short = fold(own);
  if (!same && !kind.field && short.length > 1 && fold(names[0]).startsWith(short)
    && !others.some(other => fold(other).startsWith(short))) return text(control);
  if (!held && (!kind.valued || control.querySelector('img, svg'))) return nothing;
  return { shown: null, held };
""",
)
"""Answers how a list shows what was chosen (``shown``), else what it shows in its place (``held``); else neither."""
