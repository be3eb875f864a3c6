import type { NewRun } from "../protocol/types";

/** Returns the secrets of a run with these values; where they may be used stays as it is. */
export function secretsWith(spec: NewRun | null, values: Record<string, string>): NonNullable<NewRun["secrets"]> {
  const whole = Object.entries(values).map(([name, value]) => {
    const given = spec?.secrets?.[name];
    return [name, typeof given === "object" ? { ...given, value } : value];
  });
  return Object.fromEntries(whole);
}
