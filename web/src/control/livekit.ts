import type { Room, RoomEvent } from "livekit-client";
import { type InputMessage, parseMessage } from "../protocol/messages";
import type { ChannelListener, ControlChannel, Envelope } from "./channel";

const TOPIC = "test-control";

/** Control messages as data of a LiveKit room, topic `test-control`; pointer moves go lossy. */
export class LiveKitControlChannel implements ControlChannel {
  readonly kind = "livekit";
  readonly #room: Room;
  readonly #listener: ChannelListener;
  #closed = false;

  constructor(room: Room, events: typeof RoomEvent, listener: ChannelListener) {
    this.#room = room;
    this.#listener = listener;
    room.on(events.DataReceived, (payload, _from, _kind, topic) => {
      const message = topic === TOPIC ? parseMessage(new TextDecoder().decode(payload)) : null;
      if (message !== null && !this.#closed) listener.onMessage(this, message);
    });
    room.on(events.Reconnecting, () => this.close());
    room.on(events.Disconnected, () => this.close());
  }

  /** The room is joined. A viewer's token may not publish data: then this channel carries nothing. */
  opened(): void {
    if (this.#room.localParticipant.permissions?.canPublishData) this.#listener.onOpen(this);
    else this.close();
  }

  send(command: Envelope): void {
    this.#publish(command, true);
  }

  sendMove(move: InputMessage): void {
    this.#publish(move, false);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.onClose(this);
  }

  #publish(message: unknown, reliable: boolean): void {
    const data = new TextEncoder().encode(JSON.stringify(message));
    this.#room.localParticipant.publishData(data, { reliable, topic: TOPIC }).catch(() => this.close());
  }
}
