/** Calls at the same time, of which one waits for the other, and failures that are expected. */
import { expect, test } from "./fixtures";

test("a click waits for the click after it", { tag: ["@smoke", "@mobile"] }, async ({ visit }) => {
  const page = await visit("late");
  await Promise.all([
    page.getByRole("button", { name: "Next" }).click(),
    page.getByRole("button", { name: "Start" }).click(),
  ]);
  await expect(page.getByRole("status")).toHaveText("finished");
});

test("an assertion waits for the click after it", async ({ visit }) => {
  const page = await visit("late");
  await Promise.all([
    expect(page.getByRole("status")).toHaveText("started"),
    expect(page.getByRole("button", { name: "Next" })).toBeVisible(),
    page.getByRole("button", { name: "Start" }).click(),
  ]);
});

test("waits of every kind before their click", async ({ visit }) => {
  const page = await visit("late");
  const [, text] = await Promise.all([
    page.waitForFunction(() => document.querySelectorAll("button").length === 5),
    page.getByRole("button", { name: "Next" }).textContent(),
    page.getByRole("button", { name: "Next" }).waitFor(),
    page.waitForSelector("#busy:enabled"),
    page.getByRole("button", { name: "Start" }).click(),
  ]);
  expect(text).toBe("Next");
});

test("ten clicks at a time", async ({ visit }) => {
  const page = await visit("late");
  await Promise.all(Array.from({ length: 10 }, () => page.getByRole("button", { name: "Count" }).click()));
  await expect(page.getByTestId("counted")).toHaveText("10");
});

test("poll and toPass", async ({ visit }) => {
  const page = await visit("late");
  const count = page.getByRole("button", { name: "Count" });
  await expect(async () => {
    await count.click();
    expect(Number(await page.getByTestId("counted").innerText())).toBeGreaterThan(2);
  }).toPass({ intervals: [20] });
  await count.click();
  await expect.poll(async () => Number(await page.getByTestId("counted").innerText())).toBeGreaterThan(3);
});

test("a banner that goes away", async ({ visit }) => {
  const page = await visit("late");
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByRole("button", { name: "Show a banner" }).click();
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.locator("#cover")).not.toBeAttached();
  await expect(page.getByRole("status")).toHaveText("finished");
});

test("a banner that a handler closes", async ({ visit }) => {
  const page = await visit("late");
  await page.evaluate(() => {
    document.body.insertAdjacentHTML("beforeend", document.querySelector("template")?.innerHTML ?? "");
  });
  await page.addLocatorHandler(page.getByRole("button", { name: "Close" }), (button) => button.click());
  await page.getByRole("button", { name: "Count" }).click();
  await expect(page.getByTestId("counted")).toHaveText("1");
});

test("clicks that fail", { tag: "@smoke" }, async ({ visit }) => {
  const page = await visit("late");
  const missing = page.getByRole("button", { name: "Nowhere" }).click({ timeout: 700 });
  await expect(missing).rejects.toThrow(/^locator.click: Timeout 700ms exceeded\.[\s\S]*waiting for getByRole/);
  await expect(page.getByRole("button", { name: "Ready" }).click({ timeout: 700 })).rejects.toThrow("element is not enabled");
  await expect(page.getByText("Same", { exact: true }).click()).rejects.toThrow("strict mode violation");
  await page.getByRole("button", { name: "Count" }).click();
  await expect(page.getByTestId("counted")).toHaveText("1");
});

test("assertions that fail", { tag: "@mobile" }, async ({ visit }) => {
  const page = await visit("late");
  await expect(expect(page.getByRole("status")).toHaveText("busy", { timeout: 700 })).rejects.toThrow(/Received:.*idle/);
  await expect(expect(page.getByRole("status")).not.toBeVisible({ timeout: 300 })).rejects.toThrow("toBeVisible");
  const popup = page.waitForEvent("popup", { timeout: 300 });
  await Promise.all([
    expect(popup).rejects.toThrow("Timeout 300ms exceeded while waiting for event"),
    page.getByRole("button", { name: "Count" }).click(),
  ]);
  await expect(page.goto("http://127.0.0.1:3/")).rejects.toThrow("ERR_CONNECTION_REFUSED");
});

test("a failure beside a success", async ({ visit }) => {
  const page = await visit("late");
  const [failed, done] = await Promise.allSettled([
    page.getByRole("button", { name: "Nowhere" }).click({ timeout: 700 }),
    page.getByRole("button", { name: "Count" }).click(),
  ]);
  expect([failed.status, done.status]).toEqual(["rejected", "fulfilled"]);
});

test("the page closes while a click waits", async ({ visit }) => {
  const page = await visit("late");
  const click = page.getByRole("button", { name: "Nowhere" }).click();
  await Promise.all([expect(click).rejects.toThrow(/closed/), page.close()]);
});
