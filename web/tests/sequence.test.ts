import { describe, expect, it } from "vitest";
import { checkSequence } from "../src/control/sequence";
import type { ServerMessage } from "../src/protocol/messages";
import { serverMessage } from "./fixtures";

const event = (seq: number): ServerMessage => serverMessage({ type: "viewers", count: 1, seq });
const hello = (seq: number): ServerMessage => ({ type: "hello", seq }) as ServerMessage;

describe("checkSequence", () => {
  it("takes each number once, whichever channel brings it", () => {
    expect(checkSequence(event(5), "websocket", 4)).toBe("apply");
    expect(checkSequence(event(5), "datachannel", 5)).toBe("drop");
    expect(checkSequence(event(3), "datachannel", 5)).toBe("drop");
  });

  it("notices a hole", () => expect(checkSequence(event(7), "websocket", 5)).toBe("gap"));

  it("waits for the greeting", () => {
    expect(checkSequence(event(1), "websocket", null)).toBe("drop");
    expect(checkSequence(hello(9), "websocket", null)).toBe("apply");
  });

  it("always believes a socket's greeting, which comes where missed events are gone", () => {
    expect(checkSequence(hello(2), "websocket", 50)).toBe("apply");
  });

  it("does not go back for a data channel that opened late", () => {
    expect(checkSequence(hello(4), "datachannel", 5)).toBe("drop");
    expect(checkSequence(hello(6), "datachannel", 5)).toBe("apply");
  });

  it("lets replies through without counting them", () => {
    expect(checkSequence({ type: "ack", id: "a", seq: 3 }, "websocket", 5)).toBe("apply");
    expect(checkSequence(serverMessage({ type: "pong", t: 1, seq: 9 }), "websocket", 5)).toBe("apply");
  });
});
