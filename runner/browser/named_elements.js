// A selector engine of Playwright (see runner/browser/locate.py): elements by what a person may call them, where the
// accessible name says nothing. `fold` comes from page_functions.py. The body is JSON: {name, roles, text, value,
// options, precision, scope}.
//   roles      ARIA roles that may be meant; `text`: whatever shows the text, too; `value`: fields that hold it;
//              `options`: a <select> that offers it
//   precision  "whole", "part", or "either": a part only where nothing has the whole name
//   scope      {kind: "row" | "dialog" | "section", name}: only what is within it
({
  FIELDS: 'input:not([type=hidden]), textarea, select, [contenteditable]:not([contenteditable=false])',
  ROLES: {
    button: 'button, [role=button], input:is([type=button], [type=submit], [type=reset], [type=image]), summary',
    file: 'input[type=file]',
    link: 'a[href], area[href], [role=link]',
    textbox: `input:not([type]), input:is([type=''], [type=text], [type=email], [type=tel], [type=url], [type=password],
      [type=date], [type=time], [type=month], [type=week], [type=datetime-local], [type=color]), textarea,
      [contenteditable]:not([contenteditable=false]), [role=textbox]`,
    searchbox: 'input[type=search], [role=searchbox]',
    combobox: 'select, input[list], [role=combobox]',
    spinbutton: 'input[type=number], [role=spinbutton]',
    listbox: `select, [role=listbox], [aria-haspopup=listbox], details > summary,
      :is(button, a, [role=button]):is([aria-expanded], [aria-haspopup=menu], [aria-haspopup=true])`,
    slider: 'input[type=range], [role=slider]',
    checkbox: 'input[type=checkbox], [role=checkbox]',
    radio: 'input[type=radio], [role=radio]',
    switch: 'input[type=checkbox], [role=switch]',
    option: 'option, [role=option]',
    heading: 'h1, h2, h3, h4, h5, h6, [role=heading]',
    img: 'img, svg[aria-label], [role=img]',
    row: 'tr, [role=row]',
    cell: 'td, [role=cell], [role=gridcell]',
    listitem: 'li, [role=listitem]',
  },
  SCOPES: {
    row: 'tr, [role=row], li, [role=listitem], [role=treeitem], [role=option], article, [role=article]',
    dialog: 'dialog, [role=dialog], [role=alertdialog], [aria-modal=true]',
    section: `section, fieldset, form, table, nav, aside, main, header, footer, details, ul, ol, [role=region],
      [role=group], [role=radiogroup], [role=form], [role=navigation], [role=tabpanel], [role=list], [role=table]`,
  },

  fold,
  // A label ends in what only says that the field is required, or that something follows.
  label(text) {
    return this.fold(text).replace(/[\s:*]+$/, '').replace(/\s*\((?:required|optional)\)$/, '');
  },
  // Looked for once a query: pages of ten thousand elements have none, or few.
  shadowRoots(root) {
    const found = [];
    const visit = (node) => {
      for (const element of node.querySelectorAll('*')) {
        if (!element.shadowRoot) continue;
        found.push(element.shadowRoot);
        visit(element.shadowRoot);
      }
    };
    visit(root);
    return found;
  },
  holds(outer, inner) {
    for (let node = inner; node; node = node.parentNode ?? node.host) if (node === outer) return true;
    return false;
  },
  all(root, selector) {
    const within = this.shadows.filter((each) => each !== root && this.holds(root, each));
    return [root, ...within].flatMap((each) => [...each.querySelectorAll(selector)]);
  },
  texts(ids, element) {
    const within = element.getRootNode();
    return (ids ?? '').split(/\s+/).filter(Boolean).map((id) => within.getElementById?.(id)?.textContent ?? '').join(' ');
  },
  isField(element) {
    return element.matches(this.FIELDS) || element.matches('[role=textbox], [role=combobox], [role=spinbutton]');
  },
  isBox(element) {
    return element.matches('[type=checkbox], [type=radio], [role=checkbox], [role=radio], [role=switch]');
  },

  // A box that is not drawn stands behind its label, or behind what is drawn around it.
  shown(element) {
    const drawn = (each) => each.getBoundingClientRect().width > 0 && each.getBoundingClientRect().height > 0;
    if (!this.isBox(element) || drawn(element)) return element;
    return [...(element.labels ?? []), element.parentElement].find((each) => each && drawn(each)) ?? element;
  },

  // What the element is called by its own markup.
  own(element) {
    const names = ['aria-label', 'alt', 'title', 'placeholder', 'aria-placeholder', 'data-placeholder', 'data-testid'];
    const found = names.map((name) => element.getAttribute(name) ?? '');
    found.push(this.texts(element.getAttribute('aria-labelledby'), element));
    found.push(...[...(element.labels ?? [])].map((each) => each.textContent));
    if (element.matches('input[type=button], input[type=submit], input[type=reset]')) found.push(element.value);
    if (!this.isField(element)) found.push(element.textContent);
    return found;
  },

  // What stands where a person looks for a label: before it, in the row's or the column's head, over it, around it.
  near(element, fits) {
    const found = [this.before(element), ...this.cells(element), this.over(element, fits), this.group(element)];
    found.push(this.texts(element.getAttribute('aria-describedby'), element), element.ariaDescription ?? '');
    if (this.isBox(element)) found.push(this.after(element));
    return found;
  },
  // What its style draws, which takes long to ask for.
  drawn(element) {
    const found = [];
    for (const [of, pseudo] of [[element, '::before'], [element, '::after'], [element.parentElement, '::before'],
      [element.parentElement, '::after']]) {
      const content = of ? getComputedStyle(of, pseudo).content : 'none';
      if (/^".*"$/s.test(content)) found.push(content.slice(1, -1));
    }
    return found;
  },
  before(element) {
    let node = element;
    for (let depth = 0; depth < 4 && node; depth += 1) {
      for (let other = node.previousSibling; other; other = other.previousSibling) {
        if (other.nodeType === Node.TEXT_NODE && other.data.trim()) return other.data;
        if (other.nodeType !== Node.ELEMENT_NODE || other.matches('script, style, template')) continue;
        if (this.isField(other) || this.all(other, this.FIELDS).length) return '';
        if (other.textContent.trim()) return other.textContent;
      }
      node = node.parentElement;
      if (node?.matches('form, fieldset, dialog, body, table, td, li')) return '';
    }
    return '';
  },
  after(element) {
    for (let other = element.nextSibling; other; other = other.nextSibling) {
      if (other.nodeType === Node.ELEMENT_NODE && (this.isField(other) || this.all(other, this.FIELDS).length)) return '';
      if (other.textContent?.trim()) return other.textContent;
    }
    return '';
  },
  // The cell before it, and the heads of its row and of its column.
  cells(element) {
    const cell = element.closest('td, th, [role=cell], [role=gridcell], dd');
    const row = cell?.parentElement;
    if (!row) return [];
    const said = (at) => (at && at !== cell && !this.all(at, this.FIELDS).length ? at.textContent : '');
    const found = [said(cell.previousElementSibling), said(row.querySelector('th, [role=rowheader]'))];
    const table = cell.closest('table, [role=grid], [role=treegrid], [role=table]');
    const rows = table ? [...(table.rows ?? table.querySelectorAll('[role=row]'))] : [];
    const heads = rows.find((each) => each.querySelector('th, [role=columnheader]') && each !== row);
    const head = heads && this.column(heads, this.place(cell));
    return head?.matches('th, [role=columnheader]') ? [...found, said(head)] : found;
  },
  place(cell) {
    if (cell.ariaColIndex) return +cell.ariaColIndex - 1;
    let place = 0;
    for (let at = cell.previousElementSibling; at; at = at.previousElementSibling) place += at.colSpan ?? 1;
    return place;
  },
  column(heads, place) {
    const ends = (head) => this.place(head) + (head.colSpan ?? 1);
    return [...heads.children].find((head) => this.place(head) <= place && place < ends(head));
  },
  // A label that floats over the field, beside it or beside what it is wrapped in.
  over(element, fits) {
    const lies = (each) => {
      if (!each || !fits(each.textContent) || this.isField(each)) return false;
      const box = element.getBoundingClientRect();
      if (getComputedStyle(each).position !== 'absolute') return false;
      const own = each.getBoundingClientRect();
      const [x, y] = [(own.left + own.right) / 2, (own.top + own.bottom) / 2];
      return x > box.left && x < box.right && y > box.top - box.height && y < box.bottom;
    };
    for (let at = element, depth = 0; at && depth < 3; at = at.parentElement, depth += 1) {
      const [before, after] = [at.previousElementSibling, at.nextElementSibling];
      const beside = [before, after, before?.previousElementSibling, after?.nextElementSibling];
      const lying = beside.find((each) => lies(each) && !this.all(each, this.FIELDS).length);
      if (lying) return lying.textContent;
      if (at.parentElement?.matches('form, fieldset, dialog, body, td, li')) break;
    }
    return '';
  },
  group(element) {
    const group = element.parentElement?.closest('fieldset, [role=group], [role=radiogroup]');
    if (!group || this.all(group, this.FIELDS)[0] !== element) return '';
    const legend = [...group.children].find((each) => each.matches('legend'));
    return legend?.textContent ?? group.getAttribute('aria-label') ?? this.texts(group.getAttribute('aria-labelledby'), group);
  },

  // What a person reads in a field; a password is not read.
  held(field) {
    if (field.matches('[type=password], [type=checkbox], [type=radio], [type=file]')) return '';
    if (field.matches('select')) return [...field.selectedOptions].map((each) => each.label).join(' ');
    return field.value ?? '';
  },

  // The folded text but for what nobody reads: programs, styles, and options, of which a list shows the chosen one.
  UNREAD: 'script, style, template, noscript, head, option',
  read(node) {
    if (!node.querySelector(this.UNREAD)) return this.fold(node.textContent);
    const accept = (each) => (each.nodeType === Node.ELEMENT_NODE && each.matches(this.UNREAD) ? NodeFilter.FILTER_REJECT
      : NodeFilter.FILTER_ACCEPT);
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, accept);
    let text = '';
    while (walker.nextNode()) if (walker.currentNode.nodeType === Node.TEXT_NODE) text += walker.currentNode.data;
    return this.fold(text);
  },

  // The innermost elements whose text it is. What does not have the words has nothing in it that has them.
  showing(root, wanted, part) {
    const found = [];
    const visit = (node) => {
      const inner = [...node.children, ...(node.shadowRoot?.children ?? [])].filter(
        (each) => !each.matches(this.UNREAD) && (this.fold(each.textContent).includes(wanted)
          || this.shadows.some((shadow) => this.holds(each, shadow))),
      );
      const before = found.length;
      inner.forEach(visit);
      if (found.length > before || node.nodeType !== Node.ELEMENT_NODE) return;
      const text = this.read(node);
      if (part ? text.includes(wanted) : text === wanted) found.push(node);
    };
    visit(root);
    return found.filter((each) => each !== root || root.nodeType === Node.ELEMENT_NODE);
  },

  offers(select, fits) {
    return [...select.options].some((each) => fits(this.label(each.label)));
  },

  scopes(root, { kind, name }) {
    const places = this.all(root, this.SCOPES[kind]);
    const wanted = this.fold(name);
    const holding = (place) => this.all(place, this.FIELDS).some((each) => this.fold(this.held(each)) === wanted);
    const named = (place) => this.own(place).slice(0, -1).some((text) => this.fold(text) === wanted)
      || this.showing(place, wanted, false).length > 0;
    let found = places.filter(named);
    if (!found.length) found = places.filter(holding);
    if (!found.length) found = places.filter((place) => this.fold(place.textContent).includes(wanted));
    return found.filter((each) => !found.some((other) => other !== each && each.contains(other)));
  },
  // A card that is no more than a <div>: the smallest place around the name that has one such thing in it.
  around(root, { name }, things) {
    const wanted = this.fold(name);
    const found = [];
    for (const mark of this.showing(root, wanted, false)) {
      for (let place = mark.parentElement; place && !place.matches('body, main, form'); place = place.parentElement) {
        const inner = things.filter((each) => each !== mark && place.contains(each));
        if (inner.length === 1) found.push(inner[0]);
        if (inner.length) break;
      }
    }
    return [...new Set(found)];
  },

  find(root, { name, roles, text, value, options, scope }, part) {
    const wanted = this.label(name) || this.fold(name);
    const fits = (said) => said && (part ? said.includes(wanted) : said === wanted);
    // Nobody calls a whole table by all the words in it.
    const most = 4 * wanted.length + 400;
    const said = (each) => each && (part || each.length <= most) && fits(this.label(each));
    const named = (say) => (element) => say.call(this, element, said).some(said);
    const scoped = scope ? this.scopes(root, scope) : [root];
    const places = scoped.length || scope.kind !== 'row' ? scoped : [root];
    const narrow = (found) => (scoped.length || scope.kind !== 'row' ? found : this.around(root, scope, found));
    const within = (selector) => [...new Set(places.flatMap((place) => this.all(place, selector)))];
    const selectors = roles.map((role) => this.ROLES[role] ?? `[role=${role}]`);
    const rank = (element) => selectors.findIndex((each) => element.matches(each));
    const candidates = selectors.length ? within(selectors.join(', ')).map((each) => [rank(each), each]) : [];
    const ranked = candidates.sort(([one], [other]) => one - other).map(([, each]) => each);
    const own = narrow(ranked.filter(named(this.own)));
    if (own.length) return own.map((each) => this.shown(each));
    const labelled = (each) => this.isField(each) || this.isBox(each) || each.matches('[role=listbox], [aria-haspopup], [aria-expanded]');
    const fields = ranked.filter(labelled);
    const near = narrow(fields.filter(named(this.near)));
    if (!near.length) near.push(...narrow(fields.filter(named(this.drawn))));
    if (near.length) return near.map((each) => this.shown(each));
    if (options) return within('select:not([aria-hidden=true])').filter((each) => this.offers(each, fits));
    if (value) return within(this.FIELDS).filter((each) => fits(this.label(this.held(each))));
    return text ? narrow(places.flatMap((place) => this.showing(place, wanted, part))) : [];
  },

  queryAll(root, body) {
    const wanted = JSON.parse(body);
    this.shadows = this.shadowRoots(root);
    const whole = wanted.precision === 'part' ? [] : this.find(root, wanted, false);
    return whole.length || wanted.precision === 'whole' ? whole : this.find(root, wanted, true);
  },
  query(root, body) {
    return this.queryAll(root, body)[0];
  },
})
