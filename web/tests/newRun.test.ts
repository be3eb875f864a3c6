import { describe, expect, it } from "vitest";
import { readForm, withoutMissingValues } from "../src/app/newRun";
import { zip } from "../src/app/zip";
import type { NewRun } from "../src/protocol/types";

function form(fields: Record<string, string>, ...secrets: [name: string, value: string, origins: string][]): FormData {
  const data = new FormData();
  const usual = { url: " https://shop.example ", instructions: "Reload", planner: "plain", mode: "auto" };
  for (const [name, value] of Object.entries({ ...usual, ...fields })) data.append(name, value);
  for (const [name, value, origins] of secrets) {
    data.append("secretName", name);
    data.append("secretValue", value);
    data.append("secretOrigins", origins);
  }
  return data;
}

const LEAST = { url: "https://shop.example", instructions: "Reload", planner: "plain", mode: "auto" };

describe("what the form for a new run says", () => {
  it("is no more than was chosen", () => {
    const empty = { name: "", viewport: "", browser: "", record: "", stepSeconds: "", helpSeconds: "" };
    expect(readForm(form(empty), null)).toEqual(LEAST);
  });

  it("is all that was chosen", () => {
    const chosen = { name: "Mine", viewport: "390x844", browser: "firefox", record: "on-failure" };
    const limits = { stepSeconds: "0.5", helpSeconds: "0", limitHosts: "on", allowHosts: "a.example, *.b.example" };
    expect(readForm(form({ ...chosen, ...limits }), null)).toEqual({
      ...LEAST,
      ...{ name: "Mine", viewport: { width: 390, height: 844 }, browser: "firefox", record: "on-failure" },
      ...{ stepTimeoutMs: 500, helpTimeoutMs: 0, allowHosts: ["a.example", "*.b.example"] },
    });
    const other = readForm(form({ viewport: "other", width: "800", height: "600" }), null);
    expect(other.viewport).toEqual({ width: 800, height: 600 });
    expect(readForm(form({ limitHosts: "on", allowHosts: "" }), null).allowHosts).toEqual([]);
  });

  it("has secrets with the places where they may be typed, and keeps what else they may be used for", () => {
    const initial = { ...LEAST, secrets: { PIN: { value: "", origins: ["*"], use: ["navigation"] } } } as NewRun;
    const read = readForm(
      form({}, ["PIN", "1234", ""], [" KEY ", " a b ", "https://a.example https://b.example"]),
      initial,
    );
    expect(read.secrets).toEqual({
      PIN: { value: "1234", use: ["navigation"] },
      KEY: { value: " a b ", origins: ["https://a.example", "https://b.example"] },
    });
    expect(() => readForm(form({}, ["A", "123", ""], ["A", "456", ""]), null)).toThrow("two secrets named A");
  });

  it("keeps of another run what it has no field for, and nothing else", () => {
    const initial = { ...LEAST, controllerSecrets: false, name: "Old", record: "on", allowHosts: [] } as NewRun;
    expect(readForm(form({}), initial)).toEqual({ ...LEAST, controllerSecrets: false });
  });

  it("can be written to a file before the values of secrets are known", () => {
    const run = { ...LEAST, secrets: { A: "", B: { value: "x", origins: ["*"] }, C: "known" } } as NewRun;
    const { A, B, C } = withoutMissingValues(run).secrets ?? {};
    expect([String(A).length, (B as { value: string }).value.length, C]).toEqual([3, 3, "known"]);
    expect(withoutMissingValues(LEAST as NewRun)).toEqual(LEAST);
  });
});

describe("an archive", () => {
  it("names each file once", async () => {
    const files = ["a.spec.ts", "a.spec.ts", "b", "a.spec.ts"].map((name) => new File([name], name));
    const archive = await zip(files, "runs.zip");
    const text = new TextDecoder("latin1").decode(await archive.arrayBuffer());
    expect(archive.name).toBe("runs.zip");
    for (const name of ["a.spec.ts", "a-2.spec.ts", "b", "a-3.spec.ts"])
      expect(text.split(name).length).toBeGreaterThan(2);
  });
});
