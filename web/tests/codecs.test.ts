import { describe, expect, it } from "vitest";
import { byPreference } from "../src/media/codecs";

const vp8 = { mimeType: "video/VP8" };
const vp9 = { mimeType: "video/VP9", sdpFmtpLine: "profile-id=0" };
const rtx = { mimeType: "video/rtx" };
const h264 = (profile: string, mode = 1) => ({
  mimeType: "video/H264",
  sdpFmtpLine: `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`,
});

describe("byPreference", () => {
  it("offers constrained baseline H.264 first, then VP8, and leaves nothing out", () => {
    const offered = [vp8, rtx, vp9, h264("42001f"), h264("42e01f", 0), h264("42e01f"), h264("640c1f")];
    const sorted = byPreference(offered);
    expect(sorted.slice(0, 2)).toEqual([h264("42e01f"), vp8]);
    expect(new Set(sorted)).toEqual(new Set(offered));
  });

  it("knows constrained baseline by its bits, at any level", () => {
    for (const profile of ["42e034", "42C01E", "42401f"])
      expect(byPreference([vp8, h264(profile)])[0]).toEqual(h264(profile));
  });

  it("starts with VP8 where there is no such H.264", () =>
    expect(byPreference([rtx, h264("640c1f"), vp8])[0]).toEqual(vp8));
});
