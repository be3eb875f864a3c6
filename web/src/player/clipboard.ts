import { describe } from "../api/errors";
import type { PlayerSession } from "../session";

const REFUSED = "The browser did not allow copying: select the text by hand.";

/** Puts a text on the clipboard. Rejects with a sentence for the person. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyByCommand(text)) throw new Error(REFUSED);
  }
}

/** Puts a text on the clipboard that is still to come: some browsers must be asked within the person's gesture. */
export async function copyLater(text: Promise<string>): Promise<void> {
  if (typeof ClipboardItem === "undefined" || !navigator.clipboard?.write) return copyText(await text);
  const blob = text.then((known) => new Blob([known], { type: "text/plain" }));
  try {
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  } catch {
    await copyText(await text);
  }
}

/** Copies where the page was loaded without TLS: there is no `navigator.clipboard` then. */
function copyByCommand(text: string): boolean {
  const area = document.createElement("textarea");
  const focused = document.activeElement;
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  try {
    return document.execCommand("copy");
  } finally {
    area.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}

/** Puts what is selected in the page on this person's clipboard; whoever has not asked for it is told only of failures. */
export async function copySelection({ link, store }: PlayerSession, { isAsked = false } = {}): Promise<void> {
  const selected = link.request({ type: "copy_selection" }).then((reply) => {
    if (reply.type !== "copied" || reply.text === "") throw new NothingSelected();
    return reply;
  });
  try {
    await copyLater(selected.then(({ text }) => text));
    const { cut } = await selected;
    if (cut) store.notify("info", "Only the beginning was copied: the selection is too long");
    else if (isAsked) store.notify("info", "Copied from the page");
  } catch (reason) {
    const isEmpty = await selected.then(
      () => false,
      (why) => why instanceof NothingSelected,
    );
    if (!isEmpty) store.notify("error", describe(reason));
    else if (isAsked) store.notify("info", "Nothing is selected in the page");
  }
}

class NothingSelected extends Error {}
