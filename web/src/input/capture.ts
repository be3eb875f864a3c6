import { isOnPicture, type Point, toPicture } from "../media/geometry";
import type { InputMessage, PointerInput } from "../protocol/messages";
import { ClickCounter } from "./clicks";
import { KeyCapture, type KeyOptions } from "./keys";
import { modifiersOf } from "./modifiers";

export interface CaptureOptions extends KeyOptions {
  /** Sends what may get lost. */
  sendMove(input: InputMessage): void;
}

const BUTTONS = ["left", "middle", "right"] as const;
const LINE_PX = 16;

/** Sends a person's pointer, wheel, keys and text from an element over the picture. */
export class InputCapture {
  readonly #element: HTMLTextAreaElement;
  readonly #options: CaptureOptions;
  readonly #keys: KeyCapture;
  readonly #clicks = new ClickCounter();
  readonly #abort = new AbortController();
  #move: PointerEvent | null = null;
  #frame = 0;

  constructor(element: HTMLTextAreaElement, options: CaptureOptions) {
    this.#element = element;
    this.#options = options;
    this.#keys = new KeyCapture(element, options, this.#abort.signal);
    this.#listen();
  }

  /** Releases pressed keys and lets go of the element. */
  close(): void {
    this.#keys.releaseAll();
    cancelAnimationFrame(this.#frame);
    this.#abort.abort();
  }

  #listen(): void {
    const { signal } = this.#abort;
    const element = this.#element;
    element.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    element.addEventListener("pointermove", (event) => this.#moved(event), { signal });
    element.addEventListener("pointerup", (event) => this.#up(event), { signal });
    element.addEventListener("pointercancel", (event) => this.#up(event), { signal });
    element.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
    element.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
  }

  #down(event: PointerEvent): void {
    event.preventDefault();
    this.#element.focus({ preventScroll: true });
    if (!isOnPicture(pointOf(event), this.#box(), this.#options.size())) return;
    this.#element.setPointerCapture(event.pointerId);
    this.#flushMove();
    if (event.pointerType === "touch") this.#pointer("touch_start", event);
    else this.#pointer("down", event, { ...buttonOf(event), clickCount: this.#clicks.down(event) });
  }

  #up(event: PointerEvent): void {
    if (!this.#element.hasPointerCapture(event.pointerId)) return;
    event.preventDefault();
    this.#flushMove();
    if (event.pointerType === "touch") this.#pointer("touch_end", event);
    else this.#pointer("up", event, { ...buttonOf(event), clickCount: this.#clicks.count });
  }

  /** Keeps the newest move: at most one is sent for each frame of the screen. */
  #moved(event: PointerEvent): void {
    this.#move = event;
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#flushMove());
  }

  #flushMove(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const event = this.#move;
    this.#move = null;
    if (event === null) return;
    if (event.pointerType !== "touch") this.#pointer("move", event);
    else if (this.#element.hasPointerCapture(event.pointerId)) this.#pointer("touch_move", event);
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? this.#options.size().height : 1;
    this.#pointer("wheel", event, { deltaX: event.deltaX * unit, deltaY: event.deltaY * unit });
  }

  #pointer(kind: PointerInput["kind"], event: MouseEvent, more: Partial<PointerInput> = {}): void {
    const size = this.#options.size();
    const point = toPicture(pointOf(event), this.#box(), size);
    if (point === null) return;
    const where = { x: Math.round(point.x), y: Math.round(point.y), ...size };
    const input: PointerInput = { type: "input", kind, ...where, modifiers: modifiersOf(event), ...more };
    if (kind === "move") this.#options.sendMove(input);
    else this.#options.send(input);
  }

  #box(): DOMRect {
    return this.#element.getBoundingClientRect();
  }
}

const pointOf = (event: MouseEvent): Point => ({ x: event.clientX, y: event.clientY });

function buttonOf(event: PointerEvent): Pick<PointerInput, "button"> {
  const button = BUTTONS[event.button];
  return button === undefined ? {} : { button };
}
