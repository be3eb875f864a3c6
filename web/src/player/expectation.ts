import type { Action, Picked } from "../protocol/types";
import type { PickAs } from "./context";

/** Returns the action that expects of the picked element what it shows now. Throws what a person is told where it cannot. */
export function expectationOf(picked: Picked, as: Exclude<PickAs, "element">): Action {
  const { selector, holds, content } = picked;
  if (as === "visible") return { type: "expect_visible", selector };
  if (as === "value" && holds !== "value")
    throw new Error("This is no field, and has no value: expect its text instead.");
  if (!content) {
    const what =
      holds === "value"
        ? "The field is empty, or nobody may read it"
        : "The element shows no text, or nobody may read it";
    throw new Error(`${what}: expect that it is visible instead.`);
  }
  return { type: "expect_text", selector, value: content };
}
