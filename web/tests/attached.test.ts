import { describe, expect, it } from "vitest";
import {
  changesOf,
  diffKinds,
  failedCall,
  isRepaired,
  patchOf,
  placeName,
  shortFile,
  testFacts,
  testPlace,
  titleOf,
  withLocator,
} from "../src/player/attached";
import type { Run, Step } from "../src/protocol/types";

const PATCH = `# tests/pages.py:9: use get_by_text("Thanks") here
--- a/tests/shop.spec.ts
+++ b/tests/shop.spec.ts
@@ -3,4 +3,4 @@
   await page.goto('/');
-  await page.getByText('Pay').click();
+  await page.getByText('Pay now').click();
 }
@@ -40,2 +40,2 @@
-  a();
+  b();
 c();
--- a/two words.py\t
+++ b/two words.py\t
@@ -1 +1 @@
-x
+y
`;

const step = (fields: Partial<Step>): Step =>
  ({ action: "click", status: "failed", target: "#pay", value: null, ...fields }) as Step;
const run = (fields: Partial<Run>): Run => ({ planner: "attached", status: "diagnosing", steps: [], ...fields }) as Run;

describe("what a test is called", () => {
  const session = { id: "s", name: "pytest", folder: "/home/ada/shop" };
  const test = { file: "/home/ada/shop/tests/shop.spec.ts", line: 4, title: "pays", worker: "gw0", retry: 1 };
  const client = { kind: "playwright", name: "python", version: "1.65.1" } as const;

  it("is its title, its place relative to the folder, and its client", () => {
    const attached = { test, session, client, name: "context 1", url: "about:blank" };
    expect(titleOf(attached)).toBe("pays");
    expect(testPlace(attached)).toBe("tests/shop.spec.ts:4");
    expect(testFacts(attached)).toEqual(["Playwright python 1.65.1", "worker gw0", "retry 1"]);
  });

  it("is as much as is known", () => {
    const unknown = { test: null, session: null, client: { kind: "cdp", name: null, version: null } as const };
    expect(titleOf({ test: null, name: "", url: "about:blank" })).toBe("about:blank");
    expect(testPlace(unknown)).toBeNull();
    expect(testFacts(unknown)).toEqual(["CDP"]);
    expect(testPlace({ test: { ...test, file: "a.py", line: null }, session: null })).toBe("a.py");
  });

  it("does not shorten what is elsewhere", () => {
    expect(shortFile("/home/ada/shop2/a.py", "/home/ada/shop")).toBe("/home/ada/shop2/a.py");
    expect(shortFile("/home/ada/shop/a.py", "/home/ada/shop/")).toBe("a.py");
    expect(placeName({ file: "C:\\shop\\a.ts", line: 6 })).toBe("a.ts:6");
  });
});

describe("a failed call", () => {
  it("is the last failed step of a run that needs help", () => {
    const steps = [step({ stepNumber: 1 }), step({ stepNumber: 2, status: "passed" })];
    expect(failedCall(run({ steps }))).toMatchObject({ stepNumber: 1 });
    expect(failedCall(run({ steps, status: "running" }))).toBeNull();
    expect(failedCall(null)).toBeNull();
  });

  it.each(["call", "navigate", "expect_url"] as const)("has no locator to choose for %s", (action) => {
    expect(failedCall(run({ steps: [step({ action })] }))).toBeNull();
    expect(failedCall(run({ steps: [step({ target: null })] }))).toBeNull();
  });

  it("is done with the same value on another element", () => {
    const fullAction = {
      type: "type",
      selector: "#old",
      value: "Ada",
      target: null,
      button: null,
      modifiers: null,
    } as const;
    expect(withLocator(step({ fullAction }), "#new")).toEqual({ ...fullAction, selector: "#new" });
    expect(withLocator(step({ action: "press", value: "Enter" }), "#new")).toEqual({
      type: "press",
      selector: "#new",
      value: "Enter",
    });
    expect(withLocator(step({}), "#new")).toEqual({ type: "click", selector: "#new" });
  });
});

describe("a repair", () => {
  const location = { file: "/home/ada/shop/tests/shop.spec.ts", line: 4 };
  const proposed = {
    type: "click",
    selector: "#pay",
    value: null,
    target: null,
    button: null,
    modifiers: null,
  } as const;
  const done = step({ location, proposed, fullAction: { ...proposed, selector: "#now" }, status: "passed" });

  it("is a call that passed with another locator", () => {
    expect(isRepaired(done)).toBe(true);
    expect(isRepaired({ ...done, status: "failed" })).toBe(false);
    expect(isRepaired({ ...done, fullAction: proposed })).toBe(false);
    expect(isRepaired({ ...done, fullAction: { ...proposed, type: "press", value: "Enter" } })).toBe(false);
    expect(isRepaired(step({ status: "passed" }))).toBe(false);
  });

  it("is known from the failed step before it where details are missing", () => {
    const after = step({ location, status: "passed", target: "#now" });
    expect(isRepaired(after, step({ location }))).toBe(true);
    expect(isRepaired(after, step({ location, status: "passed" }))).toBe(false);
    expect(isRepaired(after, step({ location, target: "#now" }))).toBe(false);
    expect(isRepaired(after, step({ location: { ...location, line: 9 } }))).toBe(false);
    expect(isRepaired(after)).toBe(false);
  });

  it("is shown by the part of the patch that is about its line", () => {
    const shown = patchOf(PATCH, location) ?? "";
    expect(shown.split("\n").slice(0, 3)).toEqual([
      "--- a/tests/shop.spec.ts",
      "+++ b/tests/shop.spec.ts",
      "@@ -3,4 +3,4 @@",
    ]);
    expect(shown).not.toContain("b();");
    expect(patchOf(PATCH, { ...location, line: 40 })).toContain("b();");
    expect(patchOf(PATCH, { ...location, line: 20 })).toBeNull();
    expect(patchOf(PATCH, { file: "/home/ada/shop/two words.py", line: 1 })).toContain("+y");
    expect(patchOf(PATCH, { file: "tests/pages.py", line: 9 })).toBe(
      '# tests/pages.py:9: use get_by_text("Thanks") here',
    );
    expect(patchOf("", location)).toBeNull();
  });

  it("is drawn line by line", () => {
    expect(diffKinds(patchOf(PATCH, location) ?? "").map(({ kind }) => kind)).toEqual([
      ...["head", "head", "head"],
      ...["same", "removed", "added", "same"],
    ]);
    const many = ["@@ -1,5 +1,5 @@", " a", " b", "-c", "+d", " e", " f"].join("\n");
    expect(changesOf(many).map(({ text }) => text)).toEqual(["b", "c", "d", "e"]);
  });
});
