/** Holds the one element that shows the view of the current transport, or the last picture of the one before. */
export class Surface {
  readonly element = document.createElement("div");
  #view: HTMLVideoElement | HTMLCanvasElement | null = null;

  constructor() {
    this.element.className = "jp-surface";
  }

  /** The element that holds the newest picture; null before the first one. */
  get view(): HTMLVideoElement | HTMLCanvasElement | null {
    return this.#view;
  }

  show(view: HTMLVideoElement | HTMLCanvasElement): void {
    if (view === this.#view) return;
    this.#view = view;
    this.element.replaceChildren(view);
  }

  /** Replaces the view by a still of it; to be called before its transport stops, which would leave a black box. */
  freeze(): void {
    const still = this.#view === null ? null : stillOf(this.#view);
    if (still !== null) this.show(still);
  }
}

/** Returns the size of the decoded picture in pixels. */
export function decodedSize(view: HTMLVideoElement | HTMLCanvasElement): { width: number; height: number } {
  if (view instanceof HTMLVideoElement) return { width: view.videoWidth, height: view.videoHeight };
  return { width: view.width, height: view.height };
}

function stillOf(view: HTMLVideoElement | HTMLCanvasElement): HTMLCanvasElement | null {
  const size = decodedSize(view);
  if (size.width === 0 || size.height === 0) return null;
  const still = Object.assign(document.createElement("canvas"), size);
  still.getContext("2d")?.drawImage(view, 0, 0);
  return still;
}
