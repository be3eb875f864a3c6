import type { Mode, NewRun, PlannerName } from "../protocol/types";

type Secrets = NonNullable<NewRun["secrets"]>;

/** A secret as the form has it. */
export interface FormSecret {
  name: string;
  value: string;
  /** Addresses, with spaces or commas between; empty: the start address's alone. */
  origins: string;
}

export const SECONDS = 1000;
export const DEFAULT_STEP_SECONDS = 15;
export const DEFAULT_HELP_SECONDS = 120;

/** Sizes of pages to choose from, as `width x height`. */
export const VIEWPORTS: Record<string, string> = {
  "1280x720": "Desktop, 1280 × 720",
  "1920x1080": "Large desktop, 1920 × 1080",
  "820x1180": "Tablet, 820 × 1180",
  "390x844": "Phone, 390 × 844",
};

/** The value of the choice by which any other size is given. */
export const OTHER_VIEWPORT = "other";

/** What the form has fields for: of everything else a run that is edited keeps what it was made from. */
type Field =
  | "name"
  | "instructions"
  | "steps"
  | "viewport"
  | "browser"
  | "record"
  | "allowHosts"
  | "secrets"
  | "stepTimeoutMs"
  | "helpTimeoutMs";

/** Returns what the form says, with what `initial` has beside. Throws for steps that are not JSON. */
export function readForm(form: FormData, initial: NewRun | null): NewRun {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const planner = text("planner") as PlannerName;
  const given: Partial<Record<Field, unknown>> = {
    name: text("name") || undefined,
    instructions: planner === "script" ? undefined : text("instructions"),
    steps: planner === "script" ? readSteps(text("steps")) : undefined,
    viewport: readViewport(text("viewport"), text("width"), text("height")),
    browser: text("browser") || undefined,
    record: text("record") || undefined,
    allowHosts: form.has("limitHosts") ? words(text("allowHosts")) : undefined,
    secrets: readSecrets(form, initial?.secrets ?? {}),
    stepTimeoutMs: milliseconds(text("stepSeconds")),
    helpTimeoutMs: milliseconds(text("helpSeconds")),
  };
  const kept = Object.entries(initial ?? {}).filter(([name]) => !Object.hasOwn(given, name));
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries([...kept, ...said]), url: text("url"), planner, mode: text("mode") as Mode };
}

/** Returns the run with something in place of the values of secrets that are not given: they go into no file. */
export function withoutMissingValues(run: NewRun): NewRun {
  const entries = Object.entries(run.secrets ?? {}).map(([name, secret]) => {
    const value = typeof secret === "string" ? secret : secret.value;
    const stated = value.length >= SHORTEST_SECRET ? value : STAND_IN;
    return [name, typeof secret === "string" ? stated : { ...secret, value: stated }];
  });
  return entries.length > 0 ? { ...run, secrets: Object.fromEntries(entries) } : run;
}

/** Characters that the value of a secret has at least, as shorter ones could not be hidden. */
export const SHORTEST_SECRET = 3;
/** Is in no text that a person writes. */
const STAND_IN = "\u{f8ff}\u{f8ff}\u{f8ff}";

/** Returns the secrets of a run that is edited, for the form; their values are not known. */
export function formSecrets(secrets: Secrets): FormSecret[] {
  return Object.entries(secrets).map(([name, secret]) => ({
    name,
    value: "",
    origins: typeof secret === "string" ? "" : (secret.origins ?? []).join(" "),
  }));
}

function readSecrets(form: FormData, initial: Secrets): Secrets | undefined {
  const [names, values, origins] = ["secretName", "secretValue", "secretOrigins"].map((field) =>
    form.getAll(field).map(String),
  ) as [string[], string[], string[]];
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) throw new Error(`There are two secrets named ${twice}: give one of them another name.`);
  const secrets = names.map((name, at) => {
    const known = initial[name.trim()];
    const use = typeof known === "object" && known.use?.length ? { use: known.use } : {};
    const allowed = words(origins[at] ?? "");
    const secret = { ...(allowed.length > 0 ? { origins: allowed } : {}), ...use };
    const value = values[at] ?? "";
    return [name.trim(), Object.keys(secret).length > 0 ? { value, ...secret } : value];
  });
  return secrets.length > 0 ? Object.fromEntries(secrets) : undefined;
}

function readViewport(choice: string, width: string, height: string): NewRun["viewport"] | undefined {
  const [first, second] = choice === OTHER_VIEWPORT ? [width, height] : choice.split("x");
  return first && second ? { width: Number(first), height: Number(second) } : undefined;
}

const milliseconds = (seconds: string): number | undefined =>
  seconds === "" ? undefined : Math.round(Number(seconds) * SECONDS);

const words = (text: string): string[] => text.split(/[\s,;]+/).filter((word) => word !== "");

function readSteps(text: string): NonNullable<NewRun["steps"]> {
  try {
    return JSON.parse(text) as NonNullable<NewRun["steps"]>;
  } catch (reason) {
    throw new Error(`The steps are not JSON: ${(reason as Error).message}`);
  }
}
