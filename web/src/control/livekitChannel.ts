import type { Room, RoomEvent } from "livekit-client";
import { type InputMessage, parseMessage, type ServerMessage } from "../protocol/messages";
import type { ChannelListener, ControlChannel, Envelope } from "./channel";

const CONTROL_TOPIC = "test-control";
const INPUT_TOPIC = "test-input";
/** The server's participant: the only one that commands go to, and the only one to be believed. */
const SERVER = "jumpseat";

/**
 * Carries control messages as data of a LiveKit room, topic `test-control`; pointer moves go lossy, topic `test-input`. It is open
 * from the `hello` on: LiveKit announces those who join up to three seconds late, and what they send before gets lost.
 */
export class LiveKitControlChannel implements ControlChannel {
  readonly kind = "livekit";
  readonly #room: Room;
  readonly #listener: ChannelListener;
  #helloReceived = false;
  #closed = false;

  constructor(room: Room, events: typeof RoomEvent, listener: ChannelListener) {
    this.#room = room;
    this.#listener = listener;
    room.on(events.DataReceived, (payload, from, _kind, topic) => {
      if (topic === CONTROL_TOPIC && from?.identity === SERVER)
        this.#receive(parseMessage(new TextDecoder().decode(payload)));
    });
    room.on(events.Reconnecting, () => this.close());
    room.on(events.Disconnected, () => this.close());
  }

  /** To be called when the room is joined. A viewer's token may not publish data: then this channel closes. */
  opened(): void {
    if (!this.#room.localParticipant.permissions?.canPublishData) this.close();
  }

  send(command: Envelope): void {
    this.#publish(command, CONTROL_TOPIC);
  }

  sendMove(move: InputMessage): void {
    this.#publish(move, INPUT_TOPIC);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.onClose(this);
  }

  #receive(message: ServerMessage | null): void {
    if (message === null || this.#closed) return;
    if (message.type === "hello" && !this.#helloReceived) {
      this.#helloReceived = true;
      this.#listener.onOpen(this);
    }
    if (this.#helloReceived) this.#listener.onMessage(this, message);
  }

  #publish(message: unknown, topic: string): void {
    const data = new TextEncoder().encode(JSON.stringify(message));
    const reliable = topic === CONTROL_TOPIC;
    const options = { reliable, topic, destinationIdentities: [SERVER] };
    this.#room.localParticipant.publishData(data, options).catch(() => this.close());
  }
}
