/** Popups, dialogs, files, frames and shadow DOM. */
import { readFile, writeFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { PAGES_URL, expect, test } from "./fixtures";

test.describe("popups", () => {
  for (const name of ["Open by link", "Open apart", "Open by script"]) {
    test(name, { tag: name === "Open by link" ? ["@smoke", "@mobile"] : "@mobile" }, async ({ visit, context }) => {
      const page = await visit("popups");
      const [popup] = await Promise.all([page.waitForEvent("popup"), page.getByText(name, { exact: true }).click()]);
      await expect(popup.getByRole("heading")).toHaveText("A popup");
      expect(context.pages()).toHaveLength(2);
      await popup.close();
      expect(context.pages()).toEqual([page]);
    });
  }

  test("answers its opener and closes itself", async ({ visit }) => {
    const page = await visit("popups");
    const opening = page.waitForEvent("popup");
    await page.getByRole("button", { name: "Open by script" }).click();
    const popup = await opening;
    await popup.getByLabel("Word").fill("ahoy");
    await popup.getByRole("button", { name: "Send" }).click();
    await expect(page.getByRole("status")).toHaveText("ahoy");
    await Promise.all([popup.waitForEvent("close"), popup.getByRole("button", { name: "Leave" }).click()]);
    await expect(page.getByRole("status")).toHaveText("gone");
    expect(popup.isClosed()).toBe(true);
  });

  test("two at a time", async ({ visit, context }) => {
    const page = await visit("popups");
    const seen: Page[] = [];
    page.on("popup", (popup) => seen.push(popup));
    await page.getByRole("button", { name: "Open two" }).click();
    await expect.poll(() => seen.length).toBe(2);
    await Promise.all(seen.map((popup) => popup.waitForLoadState()));
    expect(seen.map((popup) => popup.url().slice(-2)).sort()).toEqual(["?1", "?2"]);
    expect(context.pages()).toHaveLength(3);
  });
});

test.describe("dialogs", () => {
  test("alert", async ({ visit }) => {
    const page = await visit("dialogs");
    const shown = page.waitForEvent("dialog");
    const click = page.getByRole("button", { name: "Alert" }).click();
    const dialog = await shown;
    expect([dialog.type(), dialog.message()]).toEqual(["alert", "Mind the gap"]);
    await dialog.accept();
    await click;
    await expect(page.getByRole("status")).toHaveText("after the alert");
  });

  for (const [accept, said] of [[true, "yes"], [false, "no"]] as const) {
    test(`confirm, ${said}`, { tag: accept ? "@smoke" : [] }, async ({ visit }) => {
      const page = await visit("dialogs");
      page.on("dialog", (dialog) => (accept ? dialog.accept() : dialog.dismiss()));
      await page.getByRole("button", { name: "Confirm" }).click();
      await expect(page.getByRole("status")).toHaveText(said);
    });
  }

  test("prompt", async ({ visit }) => {
    const page = await visit("dialogs");
    page.once("dialog", (dialog) => dialog.accept(`not ${dialog.defaultValue()}`));
    await page.getByRole("button", { name: "Prompt" }).click();
    await expect(page.getByRole("status")).toHaveText("not Nobody");
  });

  for (const [name, said] of [
    ["Alert", "after the alert"],
    ["Confirm", "no"],
    ["Prompt", "null"],
    ["Later", "late no"],
    ["Two of them", "false,false"],
  ] as const) {
    test(`nobody answers: ${name}`, async ({ visit }) => {
      const page = await visit("dialogs");
      await page.getByRole("button", { name }).click();
      await expect(page.getByRole("status")).toHaveText(said);
    });
  }

  test("page that asks before it leaves", async ({ visit }) => {
    const page = await visit("dialogs");
    await page.getByRole("button", { name: "Guard" }).click();
    const asked = page.waitForEvent("dialog");
    await page.close({ runBeforeUnload: true });
    const dialog = await asked;
    expect(dialog.type()).toBe("beforeunload");
    await Promise.all([page.waitForEvent("close"), dialog.accept()]);
  });
});

test.describe("files", () => {
  test("download", { tag: "@smoke" }, async ({ visit }, info) => {
    const page = await visit("files");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Report" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("report.csv");
    await download.saveAs(info.outputPath("report.csv"));
    expect(await readFile(info.outputPath("report.csv"), "utf8")).toContain("mug,3");
  });

  test("download of a blob, as a stream", async ({ visit }) => {
    const page = await visit("files");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Note" }).click(),
    ]);
    const parts: Buffer[] = [];
    for await (const part of await download.createReadStream()) parts.push(part as Buffer);
    expect(Buffer.concat(parts).toString()).toBe("made in the page");
    expect(await download.failure()).toBeNull();
    expect(await readFile(await download.path(), "utf8")).toBe("made in the page");
  });

  test("upload", { tag: "@smoke" }, async ({ visit }, info) => {
    const page = await visit("files");
    await writeFile(info.outputPath("ticket.txt"), "seat 12A");
    await page.getByLabel("One file").setInputFiles(info.outputPath("ticket.txt"));
    await expect(page.getByRole("status")).toHaveText("ticket.txt 8");
    await Promise.all([
      page.waitForResponse("**/api/upload"),
      page.getByRole("button", { name: "Send" }).click(),
    ]);
    await expect(page.getByRole("status")).toHaveText('sent [{"name":"ticket.txt","size":8}]');
  });

  test("upload of several", async ({ visit }) => {
    const page = await visit("files");
    await page.getByLabel("Many files").setInputFiles([
      { name: "a.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(300_000) },
      { name: "b.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(5) },
    ]);
    await expect(page.getByRole("status")).toHaveText("a.bin 300000, b.bin 5");
  });

  test("file chooser", async ({ visit }) => {
    const page = await visit("files");
    const [chooser] = await Promise.all([
      page.waitForEvent("filechooser"),
      page.getByRole("button", { name: "Choose" }).click(),
    ]);
    await chooser.setFiles({ name: "hidden.txt", mimeType: "text/plain", buffer: Buffer.from("x") });
    await expect(page.getByRole("status")).toHaveText("hidden.txt 1");
  });
});

test("frames, nested and of another site", async ({ visit }) => {
  const page = await visit("frames");
  const near = page.frameLocator("[name=near]");
  const inner = page.frameLocator("[name=nested]").frameLocator("[name=inner]");
  const far = page.locator("[name=far]").contentFrame();
  for (const [frame, seat] of [[near, "1A"], [inner, "2B"], [far, "3C"]] as const) {
    await frame.getByLabel("Seat").fill(seat);
    await frame.getByRole("button", { name: "Book" }).click();
    await expect(frame.getByRole("status")).toHaveText(`booked ${seat}`);
  }
  expect(await page.frame("far")?.evaluate(() => location.hostname)).toBe("localhost");
});

test("shadow DOM", async ({ visit }) => {
  const page = await visit("shadow");
  await page.getByRole("button", { name: "More Bags" }).click({ clickCount: 3, delay: 10 });
  await page.getByLabel("More Cards").click();
  await expect(page.getByLabel("Bags").last()).toHaveText("3");
  await expect(page.locator("card-box output")).toHaveText("1");
});

test("closes its last page and opens another", async ({ page, context }) => {
  await page.goto(`${PAGES_URL}/inner.html`);
  await page.close();
  expect(context.pages()).toEqual([]);
  await expect(page.getByRole("button").click()).rejects.toThrow(/closed/);
  const again = await context.newPage();
  await again.goto(`${PAGES_URL}/inner.html`);
  await expect(again).toHaveTitle("Inner");
});
