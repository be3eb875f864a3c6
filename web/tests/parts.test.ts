import { describe, expect, it } from "vitest";
import { Backoff } from "../src/backoff";
import { ClickCounter } from "../src/input/clicks";
import { Meter } from "../src/media/meter";
import { MultipartParser } from "../src/media/multipart";
import { fragment } from "../src/media/whepResource";
import { actionOf, fieldsOf } from "../src/player/actionFields";
import { diffLines } from "../src/player/diff";
import { actionLine, formatAgo, formatDuration, formatRate, selectorText } from "../src/player/format";
import { parseMessage } from "../src/protocol/messages";
import { ACTION_TYPES } from "../src/protocol/types";

describe("Backoff", () => {
  it("doubles up to its limit and starts over", () => {
    const backoff = new Backoff({ first: 100, most: 350, random: () => 1 });
    expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([100, 200, 350]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });
});

describe("MultipartParser", () => {
  const part = (text: string) =>
    `Content-Type: image/jpeg\r\nContent-Length: ${text.length}\r\nX-Frame-Time: 7\r\n\r\n${text}\r\n--frame\r\n`;
  const bytes = new TextEncoder().encode(`--frame\r\n${part("first")}${part("")}${part("a\r\n\r\nb")}`);
  const read = (chunks: Uint8Array[]) => {
    const parser = new MultipartParser();
    return chunks.flatMap((chunk) => parser.push(chunk)).map(({ body }) => new TextDecoder().decode(body));
  };

  it("finds the parts however the bytes are cut", () => {
    const whole = read([bytes]);
    expect(whole).toEqual(["first", "", "a\r\n\r\nb"]);
    for (const size of [1, 2, 7, 50]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.slice(at * size, (at + 1) * size),
      );
      expect(read(chunks)).toEqual(whole);
    }
  });

  it("gives a part without waiting for the next boundary", () => {
    const parser = new MultipartParser();
    expect(parser.push(new TextEncoder().encode("--frame\r\nContent-Length: 2\r\n\r\nok"))).toHaveLength(1);
  });

  it("refuses a stream without lengths", () => {
    const parser = new MultipartParser();
    expect(() => parser.push(new TextEncoder().encode("--frame\r\nContent-Type: image/jpeg\r\n\r\n"))).toThrow();
  });
});

describe("Meter", () => {
  const sample = {
    codec: null,
    width: 1,
    height: 1,
    roundTripMs: null,
    ageMs: null,
    dropped: 0,
    lost: 0,
    quiet: false,
  };

  it("gives frames and bits per second", () => {
    const meter = new Meter(0);
    meter.add({ ...sample, frames: 0, bytes: 0 }, 0);
    expect(meter.add({ ...sample, frames: 20, bytes: 125_000 }, 1000)).toMatchObject({ fps: 20, kbps: 1000 });
  });

  it("knows how long no frame came", () => {
    const meter = new Meter(0);
    meter.add({ ...sample, frames: 1, bytes: 0 }, 500);
    meter.add({ ...sample, frames: 1, bytes: 0 }, 2000);
    expect(meter.silence(2000)).toBe(1500);
    meter.add({ ...sample, frames: 1, bytes: 0, quiet: true }, 2500);
    expect(meter.silence(2500)).toBe(0);
  });
});

describe("ClickCounter", () => {
  const press = (timeStamp: number, clientX = 0, button = 0) => ({ button, clientX, clientY: 0, timeStamp });

  it("counts presses at one place, at most three", () => {
    const clicks = new ClickCounter();
    expect([press(0), press(100), press(200), press(300)].map((each) => clicks.down(each))).toEqual([1, 2, 3, 3]);
  });

  it("starts over elsewhere, later, or with another button", () => {
    const clicks = new ClickCounter();
    const presses = [press(0), press(100, 50), press(900, 50), press(950, 50, 2)];
    expect(presses.map((each) => clicks.down(each))).toEqual([1, 1, 1, 1]);
  });
});

describe("trickle fragment", () => {
  it("has the credentials, the media line and the candidates", () => {
    const offer = "v=0\r\na=ice-ufrag:uf\r\na=ice-pwd:pw\r\nm=video 50000 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n";
    const text = fragment(offer, [{ candidate: "candidate:1 1 udp 1 127.0.0.1 5000 typ host" } as RTCIceCandidate]);
    expect(text.split("\r\n")).toEqual([
      "a=ice-ufrag:uf",
      "a=ice-pwd:pw",
      "m=video 9 UDP/TLS/RTP/SAVPF 96",
      "a=mid:0",
      "a=candidate:1 1 udp 1 127.0.0.1 5000 typ host",
      "",
    ]);
  });
});

describe("forms", () => {
  it.each(ACTION_TYPES)("knows the fields of %s", (type) => {
    const filled = { selector: "#a", value: "1", target: "#b" };
    const names = fieldsOf(type).map(({ name }) => name);
    expect(Object.keys(actionOf(type, filled)).sort()).toEqual([...names, "type"].sort());
  });

  it("leaves out what was left empty", () => {
    expect(actionOf("press", { value: "Enter", selector: " " })).toEqual({ type: "press", value: "Enter" });
  });
});

describe("diffLines", () => {
  it("shows what changed and what stayed", () => {
    const lines = diffLines("Go to /cart\nClick 'Buy'\nWait", "Go to /cart\nClick 'Pay'\nWait");
    expect(lines.map(({ kind, text }) => [kind, text])).toEqual([
      ["same", "Go to /cart"],
      ["removed", "Click 'Buy'"],
      ["added", "Click 'Pay'"],
      ["same", "Wait"],
    ]);
  });
});

describe("words", () => {
  it("are short", () => {
    const now = Date.parse("2026-03-02T10:00:00Z");
    expect([formatDuration(90), formatDuration(4_240), formatDuration(200_000)]).toEqual([
      "90 ms",
      "4.2 s",
      "3 min 20 s",
    ]);
    expect(formatRate(2_400)).toBe("2.4 Mbit/s");
    expect(formatAgo("2026-03-02T09:55:00Z", now)).toBe("5 minutes ago");
    expect(formatAgo("2026-03-02T09:59:50Z", now)).toBe("just now");
  });
});

describe("parseMessage", () => {
  it.each(["", "[]", "null", "{", '{"type":1}', "3"])("refuses %j", (text) => expect(parseMessage(text)).toBeNull());
  it("reads a message", () => expect(parseMessage('{"type":"pong","t":1}')).toEqual({ type: "pong", t: 1 }));
});

describe("selectorText", () => {
  it("shows the first of several ways", () => {
    const either = 'role=button[name="Pay" i] >> internal:or="text=Pay" >> internal:or="#pay"';
    expect(selectorText(either)).toBe('role=button[name="Pay" i] …');
    expect(selectorText("#pay >> nth=0")).toBe("#pay >> nth=0");
    expect(selectorText('internal:role=button[name="Pay \\"now\\""i] >> internal:has-text="now"i')).toBe(
      'role=button[name="Pay \\"now\\""] >> has-text="now"',
    );
    const framed = 'iframe >> internal:control=enter-frame >> html >> internal:has-not="internal:text=\\"Sorry\\"i"';
    expect(selectorText(framed)).toBe('iframe › html >> has-not="text=\\"Sorry\\"i"');
    expect(actionLine({ type: "click", selector: either })).toBe('click role=button[name="Pay" i] …');
  });
});
