import { CommandError } from "../api/errors";
import { randomId } from "../id";
import type { Command, CommandType, ServerMessage } from "../protocol/messages";
import type { ControlChannel, Envelope } from "./channel";

/** A channel that brings no message at all for this long after a command is given up; the command goes out on the next one. */
export const SILENCE_MS = 4_000;
/** A command without an answer fails after this long. */
const GIVE_UP_MS = 20_000;

interface Pending {
  envelope: Envelope;
  resolve(reply: ServerMessage): void;
  reject(error: CommandError): void;
  silence: ReturnType<typeof setTimeout> | undefined;
  deadline: ReturnType<typeof setTimeout>;
}

interface QueueOptions {
  /** Called when nothing was received from the channel in time. */
  onSilence(channel: ControlChannel): void;
  onChange(pending: Record<string, CommandType>): void;
}

/**
 * Holds the commands that wait for an answer. Each has an id of its own and is sent again, under that id, on every channel that takes over while
 * it is unanswered: the server does an id once and answers a repeat with the same acknowledgement.
 */
export class CommandQueue {
  readonly #pending = new Map<string, Pending>();
  readonly #options: QueueOptions;
  #channel: ControlChannel | null = null;
  /** Counts the messages of the channel in use: one whose answers come late, because the remote page is busy, brings others. */
  #received = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Sends now, or as soon as there is a channel. Rejects with `CommandError`. */
  submit(command: Command): Promise<ServerMessage> {
    const envelope: Envelope = { ...command, id: randomId() };
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => this.#giveUp(envelope.id), GIVE_UP_MS);
      this.#pending.set(envelope.id, { envelope, resolve, reject, silence: undefined, deadline });
      this.#transmit(envelope.id);
      this.#changed();
    });
  }

  /** Makes `channel` the one in use and sends everything unanswered on it, in order. */
  use(channel: ControlChannel | null): void {
    if (this.#channel === channel) return;
    this.#channel = channel;
    for (const id of this.#pending.keys()) this.#transmit(id);
  }

  /** Counts a message of `channel` as a sign of life, and settles the command that `message` answers, if any. */
  receive(channel: ControlChannel, message: ServerMessage): void {
    if (channel === this.#channel) this.#received += 1;
    const id = "id" in message ? message.id : null;
    const pending = id === null ? undefined : this.#take(id);
    if (pending === undefined) return;
    if (message.type === "error") pending.reject(new CommandError(message.code, message.message));
    else pending.resolve(message);
  }

  /** Rejects every command, at the end of the session. */
  close(): void {
    this.#channel = null;
    for (const id of [...this.#pending.keys()])
      this.#take(id)?.reject(new CommandError("closed", "The player was closed"));
  }

  #transmit(id: string): void {
    const pending = this.#pending.get(id);
    const channel = this.#channel;
    if (pending === undefined) return;
    clearTimeout(pending.silence);
    if (channel === null) return;
    channel.send(pending.envelope);
    const received = this.#received;
    pending.silence = setTimeout(() => received === this.#received && this.#options.onSilence(channel), SILENCE_MS);
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    clearTimeout(pending.silence);
    clearTimeout(pending.deadline);
    this.#pending.delete(id);
    this.#changed();
    return pending;
  }

  #giveUp(id: string): void {
    const text = "The server did not answer. Check the connection and try again.";
    this.#take(id)?.reject(new CommandError("timeout", text));
  }

  #changed(): void {
    const isShown = ({ envelope }: Pending) =>
      envelope.type !== "input" && !("preview" in envelope && envelope.preview);
    const shown = [...this.#pending.values()].filter(isShown);
    this.#options.onChange(Object.fromEntries(shown.map(({ envelope }) => [envelope.id, envelope.type])));
  }
}
