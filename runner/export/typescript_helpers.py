"""The helpers of exported tests in TypeScript; `runner.export.pytest` and `gestures` have the same in Python."""

from __future__ import annotations

from typing import Final

from runner.browser.actions.code_boxes import BOXES_FROM, HELD_BY_BOXES
from runner.browser.actions.drag_script import DRAG_POINT, WATCH
from runner.browser.actions.scroll_script import ONE_SCREEN, SCROLL, TO_TOP, WATCH_WHEEL
from runner.browser.actions.uploading import HELD_FILES, INPUT_WITHIN, PICKER, REACTED, WATCH_DROP, WATCH_PAGE
from runner.export.typescript_code import PATIENCE

SCRIPTS: Final = {
    name: f"\nconst {name} = {script};\n"
    for name, script in {
        "SCROLL": SCROLL,
        "WATCH_WHEEL": WATCH_WHEEL,
        "ONE_SCREEN": ONE_SCREEN,
        "TO_TOP": TO_TOP,
        "DRAG_POINT": DRAG_POINT,
        "WATCH_DRAG": WATCH,
        "WATCH_PAGE": WATCH_PAGE,
        "REACTED": REACTED,
        "INPUT_WITHIN": INPUT_WITHIN,
        "HELD_FILES": HELD_FILES,
        "PICKER": PICKER,
        "WATCH_DROP": WATCH_DROP,
        "BOXES": f"element => {{ {BOXES_FROM} return boxesFrom(element); }}",
        "HELD_BY_BOXES": HELD_BY_BOXES,
    }.items()
}
"""JavaScript that is done in the page, by the name that the helpers call it by."""
_ENVIRONMENT: Final = """
function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`Set the environment variable ${name}.`);
  return value;
}
"""
_ESCAPED: Final = """
function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\\]\\\\/]/g, '\\\\$&');
}
"""
_EXPECT_TEXT: Final = f"""
/** The element shows the text, or has it as its value or as its chosen option. */
async function expectText(element: Locator, text: string | RegExp) {{
  const within = {{ timeout: {PATIENCE} }};
  if (await element.evaluate((element) => element.matches('select')))
    await expect(element.locator('option:checked')).toContainText(text, within);
  else if (await element.evaluate((element) => element.matches('input, textarea')))
    await expect(element).toHaveValue(typeof text === 'string' ? new RegExp(escaped(text)) : text, within);
  else await expect(element).toContainText(text, within);
}}
"""
_TAB: Final = """
/** The tab at that index, once it is open. */
async function tab(page: Page, index: number): Promise<Page> {
  while (page.context().pages().length <= index) await page.context().waitForEvent('page');
  return page.context().pages()[index];
}
"""
_NEW_TAB: Final = """
/** A further tab, as large as the page. */
async function newTab(page: Page): Promise<Page> {
  const opened = await page.context().newPage();
  const size = page.viewportSize();
  if (size) await opened.setViewportSize(size);
  return opened;
}
"""
_DOWNLOADING: Final = """
/** What the page, and those that it opens, download. */
function downloading(page: Page): Download[] {
  const downloads: Download[] = [];
  page.on('download', (download) => downloads.push(download));
  page.context().on('page', (opened) => opened.on('download', (download) => downloads.push(download)));
  return downloads;
}
"""
_EXPECT_DOWNLOAD: Final = """
/** A file of that name has been downloaded, or soon is, as a whole. */
async function expectDownload(page: Page, downloads: Download[], name: RegExp) {
  const fitting = () => downloads.find((download) => name.test(download.suggestedFilename()));
  for (let looks = 0; looks < 150 && !fitting(); looks += 1) await page.waitForTimeout(100);
  expect(fitting(), `a download of ${name}`).toBeDefined();
  expect(await fitting()!.failure()).toBe(null);
}
"""
_CLOSE_TAB: Final = """
/** Closes the tab at that index; the answer is the one that is used then. */
async function closeTab(page: Page, index: number): Promise<Page> {
  await (await tab(page, index)).close();
  return page.isClosed() ? page.context().pages().at(-1)! : page;
}
"""
_ANSWERS: Final = """
/** Answers to native dialogs in the order in which they open, a text for a prompt. Any other: yes, but no text. */
function answering(page: Page): (boolean | string)[] {
  const answers: (boolean | string)[] = [];
  page.context().on('dialog', async (dialog) => {
    const given = answers.shift() ?? dialog.type() !== 'prompt';
    if (typeof given === 'string') await dialog.accept(given);
    else if (given) await dialog.accept();
    else await dialog.dismiss();
  });
  return answers;
}
"""
_MAY_CLOSE: Final = """
/** Passes over the error of a step that closes its own tab before Playwright has seen it end. */
async function mayClose(page: Page, act: () => Promise<void>) {
  try {
    await act();
  } catch (error) {
    if (!page.isClosed()) throw error;
  }
}
"""
_SETTLE: Final = """
/** Leaves the page the time to take back what it does not accept. */
async function settle(page: Page) {
  await page.waitForTimeout(400);
}
"""
_GOTO: Final = """
/** Opens an address; a page that goes on loading is used as it is after 5 s. */
async function goto(page: Page, url: string) {
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  await page.waitForLoadState('load', { timeout: 5000 }).catch(() => {});
}
"""
_SCROLL: Final = """
/** Scrolls what a wheel over the middle of the page would: one screen for null, or until nothing more comes. */
async function scroll(page: Page, pixels: number | null, { toEnd = false } = {}) {
  const by = { pixels, end: toEnd };
  let last: JSHandle = await page.evaluateHandle(() => ({ found: [] }));
  let answer = await last.evaluate(SCROLL, by);
  if (answer.frame) {
    const middle = await page.evaluateHandle(() => document.elementFromPoint(innerWidth / 2, innerHeight / 2));
    const within = await middle.asElement()!.contentFrame();
    last = await within!.evaluateHandle(() => ({ found: [] }));
    answer = await last.evaluate(SCROLL, by);
    if (!answer.found) {
      last = await middle.evaluateHandle((start) => ({ start, found: [] }));
      answer = await last.evaluate(SCROLL, by);
    }
  }
  if (!(answer.moved || answer.end || answer.fits)) {
    expect(toEnd, 'the page does not let itself be scrolled').toBe(false);
    const [width, height] = await page.evaluate(() => [innerWidth, innerHeight]);
    const watch = await page.evaluateHandle(WATCH_WHEEL);
    await page.mouse.move(width / 2, height / 2);
    await page.mouse.wheel(0, pixels ?? height);
    expect(await watch.evaluate((watch) => watch.moved()), 'the page does not let itself be scrolled').toBe(true);
  }
  expect(answer.kept, 'the page has scrolled back by itself').toBe(true);
  let stillSince = Date.now();
  const giveUp = Date.now() + 30_000;
  while (toEnd && Date.now() - stillSince < 1000) {
    if (Math.abs((await last.evaluate(SCROLL, by)).moved) >= 1) stillSince = Date.now();
    expect(Date.now(), 'the page grows on and on').toBeLessThan(giveUp);
    await page.waitForTimeout(50);
  }
}
"""
_SCROLL_TO: Final = """
/** Scrolls down, screen by screen, until the element is there, first from where the page is; then into view. */
async function scrollTo(element: Locator) {
  const shown = element.filter({ visible: true });
  const page = element.page();
  if (!(await shown.count())) await page.waitForTimeout(500);
  if (!(await shown.count())) {
    const last = await page.evaluateHandle(() => ({ found: [] }));
    const places = [...(await (await last.evaluateHandle(SCROLL, { list: true })).getProperties()).values()];
    for (const place of [...places, ...places]) {
      let stillSince = Date.now();
      while (!(await shown.count()) && Date.now() - stillSince < 1000)
        if (await place.evaluate(ONE_SCREEN)) stillSince = Date.now();
      if (!(await shown.count())) await place.evaluate(TO_TOP);
    }
  }
  await element.scrollIntoViewIfNeeded();
  await expect(element).toBeInViewport();
}
"""
_DRAG: Final = """
/** Drags as a hand does, in several moves; the page must show that it took the drop where it has been `seen`. */
async function drag(source: Locator, target: Locator, { seen = true } = {}) {
  const page = source.page();
  await target.hover({ trial: true });
  const watch = await source.evaluateHandle(WATCH_DRAG, await target.elementHandle());
  const point = async (element: Locator) => {
    const box = (await element.boundingBox())!;
    const [x, y] = await element.evaluate(DRAG_POINT);
    return [box.x + box.width * x, box.y + box.height * y];
  };
  let came;
  for (const hold of [0, 600]) {
    await source.hover({ trial: true });
    const [x, y] = await point(source);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.waitForTimeout(hold);
    let [toX, toY] = await point(target);
    const far = Math.max(1, Math.hypot(toX - x, toY - y));
    for (const pixels of [6, 12]) {
      await page.mouse.move(x + ((toX - x) * pixels) / far, y + ((toY - y) * pixels) / far);
      await page.waitForTimeout(20);
    }
    await target.scrollIntoViewIfNeeded();
    [toX, toY] = await point(target);
    for (let step = 1; step < 9; step += 1) {
      await page.mouse.move(x + ((toX - x) * step) / 8, y + ((toY - y) * step) / 8);
      await page.waitForTimeout(20);
    }
    await page.waitForTimeout(120);
    await page.mouse.move(toX + 1, toY);
    await page.mouse.move(toX, toY);
    await page.mouse.up();
    // A drop may lead to another page.
    came = await watch.evaluate((watch) => watch.after()).catch(() => null);
    if (!came) return;
    if (came.reacted) break;
  }
  expect(came.changed || came.dropped || !(seen || came.began), 'the page has not taken the drop').toBeTruthy();
}
"""
_UPLOAD: Final = """
/**
 * Gives files to a file input, to the chooser that a press opens, or drops them. Where it has been `seen`, the input
 * must hold them then, or the page show that it took them.
 */
async function upload(element: Locator, files, { seen = true } = {}) {
  const watch = await element.evaluateHandle(WATCH_PAGE);
  if (await give(element, [files].flat())) return;
  // It may have led to another page.
  const taken = await watch.evaluate(REACTED).catch(() => true);
  expect(taken || !seen, 'nothing shows that the page took the files').toBe(true);
}

/** Gives the files; says whether an input holds them then. */
async function give(element: Locator, files): Promise<boolean> {
  let field = (await element.evaluateHandle(INPUT_WITHIN)).asElement();
  const picker = field ? null : await element.evaluateHandle(PICKER);
  if (picker) {
    const opened = element.page().waitForEvent('filechooser', { timeout: 1500 }).catch(() => null);
    await element.click({ timeout: 1000 }).catch(() => {});
    field = (await opened)?.element() ?? null;
  }
  if (field) {
    await field.setInputFiles(files);
    const after = await field.evaluate(HELD_FILES).catch(() => null);
    return !after || after.held >= files.length;
  }
  if (await picker!.evaluate((seen) => (seen.restore?.(), seen.asked))) {
    const given = files.map(({ buffer, ...file }) => ({ ...file, base64: buffer.toString('base64') }));
    await picker!.evaluate((seen, files) => seen.give(files), given);
    return false;
  }
  const seen = await element.evaluateHandle(WATCH_DROP);
  await element.drop({ files });
  const taken = await seen.evaluate((seen) => seen.event?.defaultPrevented ?? false);
  expect(taken, 'the page does not take what is dropped').toBe(true);
  return false;
}
"""
_TYPE_CODE: Final = """
/** Types a code into boxes of one character each, from this one on, and looks at what they hold then. */
async function typeCode(first: Locator, code: string) {
  const found = await (await first.evaluateHandle(BOXES)).getProperties();
  const boxes = [...found.values()].map((box) => box.asElement()!);
  if (await first.evaluate(HELD_BY_BOXES)) for (const box of boxes) await box.fill('');
  await first.pressSequentially(code);
  await first.page().waitForTimeout(100);
  if ((await first.evaluate(HELD_BY_BOXES)).length < 2)
    for (const [index, char] of [...code].entries()) await boxes[index]?.fill(char);
  await expect.poll(() => first.evaluate(HELD_BY_BOXES), { message: 'the boxes have not taken the code' }).toBe(code);
}
"""
HELPERS: Final = {
    **SCRIPTS,
    "environment(": _ENVIRONMENT,
    "escaped(": _ESCAPED,
    "expectText(": _EXPECT_TEXT,
    "tab(": _TAB,
    "newTab(": _NEW_TAB,
    "closeTab(": _CLOSE_TAB,
    "downloading(": _DOWNLOADING,
    "expectDownload(": _EXPECT_DOWNLOAD,
    "answering(": _ANSWERS,
    "mayClose(": _MAY_CLOSE,
    "settle(": _SETTLE,
    "goto(": _GOTO,
    "scroll(": _SCROLL,
    "scrollTo(": _SCROLL_TO,
    "drag(": _DRAG,
    "upload(": _UPLOAD,
    "typeCode(": _TYPE_CODE,
}
"""By the names that they are called by, as `runner.export.statements.helpers_for` takes them."""
