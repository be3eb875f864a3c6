import { ApiError } from "../api/errors";
import type { ChannelListener } from "../control/channel";
import { DataControlChannel } from "../control/dataChannel";
import { byPreference } from "./codecs";
import { RtcStats } from "./rtcStats";
import { NoPictureYet, type Sample, type Transport, type TransportListener } from "./transport";
import { videoView, whenFirstPicture } from "./video";
import { WhepResource } from "./whepResource";

interface WhepOptions {
  url: string;
  token: string | null;
  iceServers: RTCIceServer[];
  listener: TransportListener;
  control: ChannelListener;
}

/** Shows WebRTC video by WHEP (draft-ietf-wish-whep), with control on data channels of the same connection. */
export class WhepTransport implements Transport {
  readonly kind = "whep";
  readonly view = videoView();
  readonly #options: WhepOptions;
  readonly #peer: RTCPeerConnection;
  readonly #resource: WhepResource;
  readonly #stats = new RtcStats();
  #channel: DataControlChannel | null = null;
  #stopped = false;

  constructor(options: WhepOptions) {
    this.#options = options;
    this.#resource = new WhepResource(options.token);
    this.#peer = new RTCPeerConnection({ iceServers: options.iceServers, bundlePolicy: "max-bundle" });
  }

  start(): void {
    const peer = this.#peer;
    peer.ontrack = ({ track, receiver }) => this.#play(track, receiver);
    peer.onicecandidate = ({ candidate }) => this.#resource.trickle(candidate, peer.localDescription);
    peer.onconnectionstatechange = () => {
      if (peer.connectionState === "failed") this.#fail(new Error("The video connection was lost"));
    };
    this.#negotiate().catch((error: Error) => this.#fail(error));
  }

  async sample(): Promise<Sample> {
    return this.#stats.read(await this.#peer.getStats());
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#channel?.close();
    this.#peer.close();
    this.#resource.remove();
    this.view.srcObject = null;
  }

  async #negotiate(): Promise<void> {
    const peer = this.#peer;
    const video = peer.addTransceiver("video", { direction: "recvonly" });
    const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs;
    if (codecs !== undefined) video.setCodecPreferences?.(byPreference(codecs));
    this.#channel = new DataControlChannel(peer, this.#options.control);
    await peer.setLocalDescription(await peer.createOffer());
    const sdp = await this.#resource.create(this.#options.url, peer.localDescription?.sdp ?? "");
    if (this.#stopped) return this.#resource.remove();
    await peer.setRemoteDescription({ type: "answer", sdp });
  }

  #play(track: MediaStreamTrack, receiver: RTCRtpReceiver): void {
    // The default adds up to 40 ms of playout delay.
    receiver.jitterBufferTarget = 0;
    this.view.srcObject = new MediaStream([track]);
    whenFirstPicture(this.view, (size) => this.#stopped || this.#options.listener.onPicture(size));
  }

  #fail(error: Error): void {
    if (this.#stopped) return;
    const notYet = error instanceof ApiError && error.status === 409;
    this.#options.listener.onFailed(notYet ? new NoPictureYet(error.message, error.retryAfter ?? 1) : error);
  }
}
