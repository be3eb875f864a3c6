import type { InputMessage, Modifier } from "../protocol/messages";
import type { Size } from "../protocol/types";
import { modifiersOf, remoteKey } from "./modifiers";

/** Keys on the way to a character: kept from the browser, they would make none. */
const COMPOSING = new Set(["Dead", "Process", "Unidentified"]);

export interface KeyOptions {
  /** Size of the decoded picture. */
  size(): Size;
  send(input: InputMessage): void;
  /** Called when the person copies or cuts, before the keys for it are sent. */
  onCopy(): void;
  /** Called when the person asks for the keyboard back (Shift+Escape). */
  onLeave(): void;
}

/** Sends keys, composed text (IME, phone keyboards) and pasted text of a focused text area. */
export class KeyCapture {
  readonly #element: HTMLTextAreaElement;
  readonly #options: KeyOptions;
  /** Pressed keys by `code`, to be released when the focus goes. */
  readonly #pressed = new Map<string, string>();

  constructor(element: HTMLTextAreaElement, options: KeyOptions, signal: AbortSignal) {
    this.#element = element;
    this.#options = options;
    element.addEventListener("keydown", (event) => this.#down(event), { signal });
    element.addEventListener("keyup", (event) => this.#up(event), { signal });
    element.addEventListener("compositionend", (event) => this.#text(event.data), { signal });
    element.addEventListener("input", (event) => this.#typed(event as InputEvent), { signal });
    element.addEventListener("paste", (event) => this.#paste(event), { signal });
    element.addEventListener("blur", () => this.releaseAll(), { signal });
  }

  releaseAll(): void {
    for (const [code, key] of this.#pressed) this.#key("key_up", { key, code }, []);
    this.#pressed.clear();
  }

  #down(event: KeyboardEvent): void {
    if (event.key === "Escape" && event.shiftKey) return this.#leave(event);
    // The text comes when the input method or the dead key is done. A paste comes as an event of its own.
    if (event.isComposing || COMPOSING.has(event.key) || isPaste(event)) return;
    event.preventDefault();
    event.stopPropagation();
    if (isCopy(event)) this.#options.onCopy();
    this.#pressed.set(event.code, event.key);
    this.#key("key_down", event, modifiersOf(event), event.repeat);
  }

  #up(event: KeyboardEvent): void {
    if (!this.#pressed.delete(event.code)) return;
    event.preventDefault();
    this.#key("key_up", event, modifiersOf(event));
  }

  /** Sends text that came without keys, as phone keyboards do. */
  #typed(event: InputEvent): void {
    if (event.isComposing) return;
    if (event.inputType === "insertText") this.#text(event.data ?? "");
    if (event.inputType === "deleteContentBackward") this.#tap("Backspace");
    if (event.inputType === "insertLineBreak") this.#tap("Enter");
    this.#element.value = "";
  }

  #paste(event: ClipboardEvent): void {
    event.preventDefault();
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (text !== "") this.#send({ type: "input", kind: "paste", text, ...this.#options.size(), modifiers: [] });
  }

  #text(text: string): void {
    this.#element.value = "";
    if (text !== "") this.#send({ type: "input", kind: "text", text, ...this.#options.size(), modifiers: [] });
  }

  #tap(key: string): void {
    this.#key("key_down", { key, code: key }, []);
    this.#key("key_up", { key, code: key }, []);
  }

  #key(kind: "key_down" | "key_up", key: { key: string; code: string }, modifiers: Modifier[], repeat = false): void {
    this.#send({ type: "input", kind, ...remoteKey(key), repeat, ...this.#options.size(), modifiers });
  }

  #leave(event: KeyboardEvent): void {
    event.preventDefault();
    event.stopPropagation();
    this.releaseAll();
    this.#options.onLeave();
  }

  #send(input: InputMessage): void {
    this.#options.send(input);
  }
}

const isPaste = (event: KeyboardEvent): boolean => isCommand(event, "v");

const isCopy = (event: KeyboardEvent): boolean =>
  !event.repeat && !event.shiftKey && (isCommand(event, "c") || isCommand(event, "x"));

/** True for Control or Command with a letter, also where the keyboard's layout has other letters. */
const isCommand = (event: KeyboardEvent, letter: string): boolean =>
  (event.ctrlKey || event.metaKey) &&
  !event.altKey &&
  (event.key.toLowerCase() === letter || (event.code === `Key${letter.toUpperCase()}` && !/^[a-z]$/i.test(event.key)));
