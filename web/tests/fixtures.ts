import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerMessage } from "../src/protocol/messages";

export interface EventFixture {
  name: string;
  messages: ServerMessage[];
  /** A part of the state that the messages lead to. */
  expected: Record<string, unknown>;
}

/** A server message with only those of its fields that matter to a test. */
export function serverMessage(fields: { type: ServerMessage["type"]; [name: string]: unknown }): ServerMessage {
  return fields as unknown as ServerMessage;
}

const FOLDER = join(import.meta.dirname, "../../tests/fixtures/events");

/** The sequences that the Python protocol tests read too. */
export function eventFixtures(): EventFixture[] {
  return readdirSync(FOLDER).map((file) => JSON.parse(readFileSync(join(FOLDER, file), "utf-8")) as EventFixture);
}
