import { createElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { LiveStreamPlayer, type LiveStreamPlayerProps } from "./player/LiveStreamPlayer";
import type { TransportChoice } from "./session";
import styles from "./styles/index.css?inline";

const ATTRIBUTES = ["run-id", "token", "api-url", "transport", "theme", "read-only"] as const;
type Attribute = (typeof ATTRIBUTES)[number];

/** The server that this file came from. */
const ORIGIN = new URL(import.meta.url).origin;

/** One sheet for all players of the page; a constructed sheet is allowed by `style-src 'self'`. */
let sheet: CSSStyleSheet | null = null;

function sharedSheet(): CSSStyleSheet {
  if (sheet !== null) return sheet;
  sheet = new CSSStyleSheet();
  sheet.replaceSync(`:host { display: block; min-height: 240px; }\n${styles}`);
  return sheet;
}

/**
 * `<live-stream-player run-id token>`: the player for plain HTML and for any framework. Attributes as the React component's
 * properties: `api-url`, `transport`, `theme`, `read-only`. Fires `status` (detail: `{status, paused}`).
 */
export class LiveStreamPlayerElement extends HTMLElement {
  static readonly observedAttributes: readonly string[] = ATTRIBUTES;
  readonly #shadow = this.attachShadow({ mode: "open" });
  #root: Root | null = null;

  connectedCallback(): void {
    this.#shadow.adoptedStyleSheets = [sharedSheet()];
    this.#root ??= createRoot(this.#shadow);
    this.#render();
  }

  disconnectedCallback(): void {
    this.#root?.unmount();
    this.#root = null;
  }

  attributeChangedCallback(): void {
    this.#render();
  }

  #render(): void {
    const runId = this.#read("run-id");
    if (this.#root === null || runId === undefined) return;
    const props: LiveStreamPlayerProps = {
      runId,
      token: this.#read("token") ?? null,
      apiUrl: this.#read("api-url") ?? ORIGIN,
      transport: (this.#read("transport") ?? "auto") as TransportChoice,
      theme: (this.#read("theme") ?? "auto") as "auto" | "light" | "dark",
      readOnly: this.hasAttribute("read-only"),
      onStatus: (detail) => this.dispatchEvent(new CustomEvent("status", { detail })),
    };
    this.#root.render(createElement(LiveStreamPlayer, props));
  }

  #read(name: Attribute): string | undefined {
    return this.getAttribute(name) || undefined;
  }
}

if (customElements.get("live-stream-player") === undefined) {
  customElements.define("live-stream-player", LiveStreamPlayerElement);
}
