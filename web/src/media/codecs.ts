/**
 * Returns the codecs to offer, best first: H.264 constrained baseline, which is sharper for the same work of the server; then VP8, for
 * browsers and servers without it. The rest stays behind: retransmission (rtx) is part of it.
 */
export function byPreference<Codec extends Pick<RTCRtpCodec, "mimeType" | "sdpFmtpLine">>(codecs: Codec[]): Codec[] {
  return codecs.toSorted((one, other) => rank(one) - rank(other));
}

function rank({ mimeType, sdpFmtpLine = "" }: Pick<RTCRtpCodec, "mimeType" | "sdpFmtpLine">): number {
  if (mimeType.toLowerCase() === "video/vp8") return 1;
  // The three bytes of profile-level-id: RFC 6184 §8.1. Constrained baseline is 42 with bit 6 of the second set.
  const isBaseline = /profile-level-id=42[4-7c-f][0-9a-f]/i.test(sdpFmtpLine);
  const isWhole = mimeType.toLowerCase() === "video/h264" && sdpFmtpLine.includes("packetization-mode=1");
  return isBaseline && isWhole ? 0 : 2;
}
