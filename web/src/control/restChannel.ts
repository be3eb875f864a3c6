import type { ApiClient } from "../api/client";
import { ApiError, CommandError, describe } from "../api/errors";
import { parseMessage } from "../protocol/messages";
import type { Run } from "../protocol/types";
import type { ChannelListener, ControlChannel, Envelope } from "./channel";

const POLL_MS = 2_000;

interface RestOptions {
  api: ApiClient;
  runId: string;
  listener: ChannelListener;
  onRun(run: Run): void;
  /** Called when the run may not be read any more: credential expired or revoked, run deleted. */
  onRefused(error: ApiError): void;
}

/** Is used where no other channel works: commands by `POST …/commands`, events by reading the run again and again. */
export class RestChannel implements ControlChannel {
  readonly kind = "rest";
  readonly #options: RestOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: RestOptions) {
    this.#options = options;
    void this.#poll();
  }

  send(command: Envelope): void {
    void this.#post(command);
  }

  sendMove(): void {
    // A request per pointer move would be late and heavy: clicks carry their own position.
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#options.listener.onClose(this);
  }

  async #post(command: Envelope): Promise<void> {
    const { api, runId, listener } = this.#options;
    try {
      const reply = parseMessage(JSON.stringify(await api.command(runId, command)));
      listener.onMessage(this, reply ?? { type: "ack", id: command.id });
    } catch (error) {
      const { code } = error instanceof CommandError ? error : { code: codeOf(error) };
      // No answer at all: the command stays pending and goes out again, under the same id, on the next channel.
      if (code !== "unreachable")
        listener.onMessage(this, { type: "error", id: command.id, code, message: describe(error), field: null });
    }
  }

  async #poll(): Promise<void> {
    const { api, runId, listener, onRun, onRefused } = this.#options;
    try {
      const run = await api.run(runId);
      if (this.#closed) return;
      onRun(run);
      listener.onOpen(this);
    } catch (error) {
      if (this.#closed) return;
      if (error instanceof ApiError && [401, 403, 404].includes(error.status)) return onRefused(error);
    }
    this.#timer = setTimeout(() => void this.#poll(), POLL_MS);
  }
}

const CODES: Record<number, string> = {
  0: "unreachable",
  401: "forbidden",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "too_large",
  422: "invalid",
  429: "rate_limited",
};

function codeOf(error: unknown): string {
  return (error instanceof ApiError && CODES[error.status]) || "internal";
}
