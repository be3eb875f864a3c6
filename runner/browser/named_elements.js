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
    link: 'a[href], area[href], [role=link]',
    textbox: `input:not([type]), input:is([type=''], [type=text], [type=email], [type=tel], [type=url], [type=password],
      [type=date], [type=time], [type=month], [type=week], [type=datetime-local], [type=color]), textarea,
      [contenteditable]:not([contenteditable=false]), [role=textbox]`,
    searchbox: 'input[type=search], [role=searchbox]',
    combobox: 'select, input[list], [role=combobox]',
    spinbutton: 'input[type=number], [role=spinbutton]',
    listbox: `select, [role=listbox], [aria-haspopup=listbox], :is(button, a, [role=button]):is([aria-expanded],
      [aria-haspopup=menu], [aria-haspopup=true])`,
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
  all(root, selector) {
    const found = [];
    const visit = (node) => {
      for (const element of node.querySelectorAll('*')) {
        if (element.matches(selector)) found.push(element);
        if (element.shadowRoot) visit(element.shadowRoot);
      }
    };
    visit(root);
    return found;
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
  near(element) {
    const found = [this.before(element), this.cell(element), this.over(element), this.group(element)];
    if (this.isBox(element)) found.push(this.after(element));
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
  cell(element) {
    const cell = element.closest('td, [role=cell], [role=gridcell], dd');
    if (!cell) return '';
    const previous = cell.previousElementSibling;
    if (previous && !this.all(previous, this.FIELDS).length && previous.textContent.trim()) return previous.textContent;
    const head = cell.closest('table')?.tHead?.rows[0]?.cells[cell.cellIndex];
    return head?.textContent ?? '';
  },
  over(element) {
    const box = element.getBoundingClientRect();
    const beside = [...(element.parentElement?.children ?? [])].filter((each) => each !== element && !this.isField(each));
    const lying = beside.find((each) => {
      const [own, style] = [each.getBoundingClientRect(), getComputedStyle(each)];
      const [x, y] = [(own.left + own.right) / 2, (own.top + own.bottom) / 2];
      return style.position === 'absolute' && each.textContent.trim()
        && x > box.left && x < box.right && y > box.top - box.height && y < box.bottom;
    });
    return lying?.textContent ?? '';
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

  // The innermost elements whose text it is.
  showing(root, fits) {
    const found = this.all(root, '*').filter((each) => !each.matches('script, style, template, head, head *, option')
      && fits(this.fold(each.textContent)));
    return found.filter((each) => !found.some((other) => other !== each && each.contains(other)));
  },

  offers(select, fits) {
    return [...select.options].some((each) => fits(this.label(each.label)));
  },

  scopes(root, { kind, name }) {
    const places = this.all(root, this.SCOPES[kind]);
    const wanted = this.fold(name);
    const named = (place, fits) => this.own(place).slice(0, -1).some((text) => fits(this.fold(text)))
      || this.showing(place, fits).length > 0;
    let found = places.filter((place) => named(place, (text) => text === wanted));
    if (!found.length) found = places.filter((place) => this.fold(place.textContent).includes(wanted));
    return found.filter((each) => !found.some((other) => other !== each && each.contains(other)));
  },

  find(root, { name, roles, text, value, options, scope }, part) {
    const wanted = this.label(name) || this.fold(name);
    const fits = (said) => said && (part ? said.includes(wanted) : said === wanted);
    const named = (say) => (element) => say.call(this, element).some((each) => fits(this.label(each)));
    const places = scope ? this.scopes(root, scope) : [root];
    const within = (selector) => [...new Set(places.flatMap((place) => this.all(place, selector)))];
    const candidates = [...new Set(roles.flatMap((role) => within(this.ROLES[role] ?? `[role=${role}]`)))];
    const own = candidates.filter(named(this.own));
    if (own.length) return own.map((each) => this.shown(each));
    const labelled = (each) => this.isField(each) || this.isBox(each) || each.matches('[role=listbox], [aria-haspopup], [aria-expanded]');
    const near = candidates.filter(labelled).filter(named(this.near));
    if (near.length) return near.map((each) => this.shown(each));
    if (options) return within('select:not([aria-hidden=true])').filter((each) => this.offers(each, fits));
    if (value) return within(this.FIELDS).filter((each) => fits(this.label(this.held(each))));
    return text ? places.flatMap((place) => this.showing(place, fits)) : [];
  },

  queryAll(root, body) {
    const wanted = JSON.parse(body);
    const whole = wanted.precision === 'part' ? [] : this.find(root, wanted, false);
    return whole.length || wanted.precision === 'whole' ? whole : this.find(root, wanted, true);
  },
  query(root, body) {
    return this.queryAll(root, body)[0];
  },
})
