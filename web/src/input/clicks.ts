const INTERVAL_MS = 500;
const DISTANCE_PX = 6;
/** The server takes no more than a triple click. */
const MOST = 3;

type Press = Pick<PointerEvent, "button" | "clientX" | "clientY" | "timeStamp">;

/** Counts presses that make a double or triple click: same button, same place, soon after each other. */
export class ClickCounter {
  #last: Press | null = null;
  #count = 0;

  get count(): number {
    return Math.max(1, this.#count);
  }

  down(press: Press): number {
    const last = this.#last;
    const again =
      last !== null &&
      last.button === press.button &&
      press.timeStamp - last.timeStamp < INTERVAL_MS &&
      Math.hypot(press.clientX - last.clientX, press.clientY - last.clientY) < DISTANCE_PX;
    this.#count = again ? Math.min(this.#count + 1, MOST) : 1;
    const { button, clientX, clientY, timeStamp } = press;
    this.#last = { button, clientX, clientY, timeStamp };
    return this.#count;
  }
}
