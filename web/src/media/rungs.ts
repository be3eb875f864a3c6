import type { ApiClient } from "../api/client";
import { PictureTicket } from "../api/ticket";
import type { ChannelListener } from "../control/channel";
import type { StreamInfo } from "../protocol/types";
import { LiveKitTransport } from "./livekit";
import { MjpegTransport } from "./mjpeg";
import { PollingTransport } from "./polling";
import type { Rung, TransportListener } from "./transport";
import { WhepTransport } from "./whep";

interface RungContext {
  api: ApiClient;
  control: ChannelListener;
  /** Asks the server once more, for another ticket. */
  renew(): Promise<StreamInfo>;
}

/** Returns the transports that this stream offers to this browser, best first. */
export function buildRungs(info: StreamInfo, { api, control, renew }: RungContext): Rung[] {
  const hasRtc = typeof RTCPeerConnection !== "undefined";
  const { livekitUrl, token, whepUrl, mjpegUrl, streamUrl, iceServers } = info;
  const image = { ticket: new PictureTicket(info, renew) };
  const rungs: Rung[] = [];
  if (hasRtc && livekitUrl && token) {
    const create = (listener: TransportListener) => new LiveKitTransport({ url: livekitUrl, token, listener, control });
    rungs.push({ kind: "livekit", create });
  }
  if (hasRtc && whepUrl) {
    const options = { url: api.url(whepUrl), token: api.token, iceServers: iceServers ?? [], control };
    rungs.push({ kind: "whep", create: (listener) => new WhepTransport({ ...options, listener }) });
  }
  if (mjpegUrl) {
    const url = api.url(mjpegUrl);
    rungs.push({ kind: "mjpeg", create: (listener) => new MjpegTransport({ url, ...image, listener }) });
  }
  if (streamUrl) {
    const url = api.url(streamUrl);
    rungs.push({ kind: "polling", create: (listener) => new PollingTransport({ url, ...image, listener }) });
  }
  return rungs;
}
