import type { RemoteTrack, Room } from "livekit-client";
import type { ChannelListener } from "../control/channel";
import { LiveKitControlChannel } from "../control/livekitChannel";
import { RtcStats } from "./rtcStats";
import type { Sample, Transport, TransportListener } from "./transport";
import { videoView, whenFirstPicture } from "./video";

interface LiveKitOptions {
  url: string;
  token: string;
  listener: TransportListener;
  control: ChannelListener;
}

/** Shows the video of the run's LiveKit room. Its client is loaded only when this transport starts. */
export class LiveKitTransport implements Transport {
  readonly kind = "livekit";
  readonly view = videoView();
  readonly #options: LiveKitOptions;
  readonly #stats = new RtcStats();
  #room: Room | null = null;
  #track: RemoteTrack | null = null;
  #channel: LiveKitControlChannel | null = null;
  #stopped = false;

  constructor(options: LiveKitOptions) {
    this.#options = options;
  }

  start(): void {
    this.#join().catch((error: Error) => this.#fail(error));
  }

  async sample(): Promise<Sample> {
    const report = await this.#track?.getRTCStatsReport();
    return this.#stats.read(report ?? new Map());
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#channel?.close();
    this.#track?.detach(this.view);
    void this.#room?.disconnect();
    this.view.srcObject = null;
  }

  async #join(): Promise<void> {
    const { Room, RoomEvent, setLogLevel, Track } = await import("livekit-client");
    // Its remarks would fill the console of the embedding page.
    setLogLevel("error");
    if (this.#stopped) return;
    const room = new Room({ adaptiveStream: false, dynacast: false });
    this.#room = room;
    room.on(RoomEvent.TrackSubscribed, (track) => track.kind === Track.Kind.Video && this.#play(track));
    room.on(RoomEvent.Disconnected, () => this.#fail(new Error("The LiveKit room was left")));
    this.#channel = new LiveKitControlChannel(room, RoomEvent, this.#options.control);
    await room.connect(this.#options.url, this.#options.token);
    if (this.#stopped) return void room.disconnect();
    this.#channel.opened();
  }

  #play(track: RemoteTrack): void {
    this.#track = track;
    track.attach(this.view);
    const receiver = track.receiver;
    if (receiver) receiver.jitterBufferTarget = 0;
    whenFirstPicture(this.view, (size) => this.#stopped || this.#options.listener.onPicture(size));
  }

  #fail(error: Error): void {
    if (this.#stopped) return;
    this.#options.listener.onFailed(error);
  }
}
