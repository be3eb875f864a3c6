import type { Action, ActionType } from "../protocol/types";

type Need = "required" | "optional";
type FieldName = "selector" | "value" | "target";

interface Field {
  name: FieldName;
  need: Need;
  label: string;
  hint?: string;
}

const selector: Field = { name: "selector", need: "required", label: "Selector", hint: 'role=button[name="Save"]' };
const value = (label: string, hint?: string, need: Need = "required"): Field => ({
  name: "value",
  need,
  label,
  ...(hint ? { hint } : {}),
});

const FIELDS: Partial<Record<ActionType, Field[]>> = {
  type: [selector, value("Text")],
  press: [value("Key", "Enter, Control+A"), { ...selector, need: "optional" }],
  select: [selector, value("Option")],
  scroll: [value("Pixels down", "one screen", "optional"), { ...selector, need: "optional" }],
  navigate: [value("Address", "https://… or /path")],
  wait: [
    value("Milliseconds", undefined, "optional"),
    { ...selector, need: "optional", label: "Or until this appears" },
  ],
  upload: [selector, value("File")],
  drag: [selector, { name: "target", need: "required", label: "Drop on", hint: "selector" }],
  new_tab: [value("Address", "https://… or /path", "optional")],
  switch_tab: [value("Tab number", "0 is the first")],
  close_tab: [value("Tab number", "0 is the first")],
  expect_text: [selector, value("Text")],
  expect_url: [value("Address or part of it")],
  expect_download: [value("File name", "report-*.pdf; * for any")],
  back: [],
  forward: [],
  reload: [],
};

/** Returns the fields that an action of this type takes; a pointer action takes a selector. */
export function fieldsOf(type: ActionType): Field[] {
  return FIELDS[type] ?? [selector];
}

/** Returns the action that a filled-in form means: fields that its type does not take are left out. */
export function actionOf(type: ActionType, texts: Partial<Record<FieldName, string>>): Action {
  const filled = fieldsOf(type).map(({ name }) => [name, texts[name]?.trim() ?? ""] as const);
  return { type, ...Object.fromEntries(filled.filter(([, text]) => text !== "")) };
}
