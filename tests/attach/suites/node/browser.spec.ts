/** Network, storage, contexts, scripts, the clock and input. */
import { devices } from "@playwright/test";
import { PAGES_URL, expect, test } from "./fixtures";

test.describe("network", () => {
  test("route fulfils, and is taken away", { tag: "@smoke" }, async ({ visit }) => {
    const page = await visit("network");
    await page.route("**/api/quote", (route) => route.fulfill({ json: { text: "from the test" } }));
    await page.getByRole("button", { name: "Quote" }).click();
    await expect(page.getByRole("status")).toHaveText("from the test");
    await page.unroute("**/api/quote");
    await page.getByRole("button", { name: "Quote" }).click();
    await expect(page.getByRole("status")).toHaveText("Travel light");
  });

  test("route aborts", async ({ visit }) => {
    const page = await visit("network");
    await page.route("**/api/*", (route) => route.abort("connectionrefused"));
    const [failed] = await Promise.all([
      page.waitForEvent("requestfailed"),
      page.getByRole("button", { name: "Quote" }).click(),
    ]);
    expect(failed.failure()?.errorText).toBe("net::ERR_CONNECTION_REFUSED");
    await expect(page.getByRole("status")).toHaveText("failed: TypeError");
  });

  test("route of the context changes headers and answers", async ({ context, visit }) => {
    await context.route(/\/api\/headers$/, (route) =>
      route.continue({ headers: { ...route.request().headers(), "x-suite": "changed" } }),
    );
    await context.route("**/api/quote", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { text: (await answer.json()).text.toUpperCase() } });
    });
    const page = await visit("network");
    await page.getByRole("button", { name: "Headers" }).click();
    await expect(page.getByRole("status")).toHaveText("changed");
    await page.getByRole("button", { name: "Quote" }).click();
    await expect(page.getByRole("status")).toHaveText("TRAVEL LIGHT");
  });

  test("waits for a response and a request", async ({ visit }) => {
    const page = await visit("network");
    const [request, response, line] = await Promise.all([
      page.waitForRequest("**/api/orders"),
      page.waitForResponse((answer) => answer.url().endsWith("/api/orders")),
      page.waitForEvent("console"),
      page.getByRole("button", { name: "Order" }).click(),
    ]);
    expect(request.postDataJSON()).toEqual({ item: "mug" });
    expect(await response.json()).toEqual({ id: 7, item: "mug" });
    expect(await line.args()[1]?.jsonValue()).toBe(201);
    await Promise.all([page.waitForEvent("pageerror"), page.getByRole("button", { name: "Throw" }).click()]);
  });

  test("requests without a page", { tag: "@smoke" }, async ({ request, playwright }) => {
    const answer = await request.post(`${PAGES_URL}/api/orders`, { data: { item: "tag" } });
    expect(await answer.json()).toEqual({ id: 7, item: "tag" });
    const api = await playwright.request.newContext({ baseURL: PAGES_URL, extraHTTPHeaders: { "x-suite": "api" } });
    expect((await (await api.get("/api/headers")).json())["x-suite"]).toBe("api");
    expect((await api.post("/api/orders", { data: {} })).status()).toBe(422);
    await api.dispose();
  });
});

test.describe("storage", () => {
  test("state is used again", { tag: "@smoke" }, async ({ browser, memberState }) => {
    const context = await browser.newContext({ storageState: memberState });
    const page = await context.newPage();
    await page.goto(`${PAGES_URL}/account`);
    await expect(page.getByRole("heading")).toHaveText("Hello ada");
    expect(await page.evaluate(() => localStorage.seen)).toBe("yes");
    await context.close();
  });

  test("cookies", async ({ context, page }) => {
    await context.addCookies([{ name: "member", value: "grace", url: PAGES_URL }]);
    await page.goto(`${PAGES_URL}/account`);
    await expect(page.getByRole("heading")).toHaveText("Hello grace");
    expect(await (await page.request.get(`${PAGES_URL}/account`)).text()).toContain("Hello grace");
    await context.clearCookies();
    await page.reload();
    await expect(page).toHaveTitle("Login");
  });
});

test.describe("contexts", () => {
  test("two people at a time", async ({ browser }) => {
    const contexts = await Promise.all([browser.newContext(), browser.newContext({ locale: "de-DE" })]);
    const pages = await Promise.all(contexts.map((context) => context.newPage()));
    await Promise.all(pages.map((page) => page.goto(`${PAGES_URL}/inner.html`)));
    await Promise.all(
      pages.map(async (page, number) => {
        await page.getByLabel("Seat").fill(String(number));
        await page.getByRole("button").click();
        await expect(page.getByRole("status")).toHaveText(`booked ${number}`);
      }),
    );
    expect(await pages[1]?.evaluate(() => navigator.language)).toBe("de-DE");
    await Promise.all(contexts.map((context) => context.close()));
  });

  test("telephone in a desktop's test", async ({ browser }) => {
    const context = await browser.newContext({ ...devices["iPhone 14"] });
    const page = await context.newPage();
    await page.goto(`${PAGES_URL}/gestures.html`);
    await page.getByLabel("Pad").tap();
    await expect(page.getByLabel("Log").getByRole("listitem").first()).toHaveText("touch");
    expect(await page.evaluate(() => devicePixelRatio)).toBe(3);
    await context.close();
  });

  test("tapping", { tag: "@mobile-only" }, async ({ visit }) => {
    const page = await visit("gestures");
    await page.getByLabel("Wifi").tap();
    await expect(page.getByLabel("Wifi")).toBeChecked();
  });

  test.describe("without a viewport", () => {
    test.use({ viewport: null });

    test("follows the window", async ({ page }) => {
      await page.goto("/");
      expect(page.viewportSize()).toBeNull();
      await page.getByRole("link", { name: "Cart" }).click();
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your cart");
    });
  });

  test.describe("dark and somewhere", () => {
    test.use({ colorScheme: "dark", geolocation: { latitude: 48.5, longitude: 2.25 }, permissions: ["geolocation"] });

    test("is what the page sees, and offline too", async ({ context, visit }) => {
      const page = await visit("network");
      expect(await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches)).toBe(true);
      const latitude = await page.evaluate(
        () => new Promise((done) => navigator.geolocation.getCurrentPosition((at) => done(at.coords.latitude))),
      );
      expect(latitude).toBe(48.5);
      await context.setOffline(true);
      await page.getByRole("button", { name: "Quote" }).click();
      await expect(page.getByRole("status")).toHaveText("failed: TypeError");
    });
  });
});

test("bindings and scripts", async ({ context, page }) => {
  const calls: unknown[] = [];
  await context.exposeBinding("report", ({ page: from }, value) => calls.push([from.url().slice(-5), value]));
  await context.addInitScript(() => Object.assign(window, { early: document.readyState }));
  await page.exposeFunction("double", (value: number) => value * 2);
  await page.goto(`${PAGES_URL}/inner.html?here`);
  expect(await page.evaluate("early")).toBe("loading");
  expect(await page.evaluate("(async () => { await report(await double(21)); return 'ok'; })()")).toBe("ok");
  expect(calls).toEqual([["?here", 42]]);
  await expect(page.evaluate(() => { throw new Error("no such luck"); })).rejects.toThrow("no such luck");
});

test("clock", async ({ page }) => {
  await page.clock.install({ time: "2024-02-29T08:00:00Z" });
  await page.goto(`${PAGES_URL}/late.html`);
  await page.clock.pauseAt("2024-02-29T10:00:00Z");
  await expect(page.locator("#time")).toHaveText(/^2024-02-29T10:00:00/);
  await page.clock.fastForward("01:00:00");
  await expect(page).toHaveTitle("An hour later");
});

test("pictures and traces", { tag: "@mobile" }, async ({ visit, browser }, info) => {
  const page = await visit("network");
  expect((await page.getByRole("img", { name: "Picture" }).screenshot()).subarray(1, 4).toString()).toBe("PNG");
  await info.attach("page", { body: await page.screenshot({ fullPage: true, type: "jpeg" }), contentType: "image/jpeg" });
  const context = await browser.newContext();
  if (info.project.name === "desktop") await context.tracing.start({ screenshots: true, snapshots: true });
  await (await context.newPage()).goto(`${PAGES_URL}/inner.html`);
  if (info.project.name === "desktop") await context.tracing.stop({ path: info.outputPath("own.zip") });
  await context.close();
});

test.describe("input", () => {
  const log = "Log";

  test("mouse", async ({ visit }) => {
    const page = await visit("gestures");
    await page.getByLabel("Pad").click({ button: "right" });
    await page.getByLabel("Pad").dblclick({ position: { x: 5, y: 5 } });
    const lines = await page.getByLabel(log).getByRole("listitem").allInnerTexts();
    expect(lines.filter((line) => line.includes("click"))).toEqual(["click 0", "click 0", "dblclick 0"]);
    expect(lines).toContain("contextmenu 2");
    await page.getByLabel("Tall").hover();
    await page.mouse.wheel(0, 300);
    await expect(page.getByRole("status")).toHaveText("scrolled");
  });

  test("drag and drop", async ({ visit }) => {
    const page = await visit("gestures");
    await page.dragAndDrop("#from", "#to");
    await expect(page.locator("#to")).toHaveText("Has parcel");
  });

  test("hover and focus", async ({ visit }) => {
    const page = await visit("gestures");
    await page.getByRole("button", { name: "Help" }).hover();
    await expect(page.getByText("Hold on")).toBeVisible();
    await page.getByLabel("Text").focus();
    await page.getByLabel("Text").blur();
    await expect(page.getByLabel(log).getByRole("listitem")).toHaveText(["focus", "blur"]);
  });

  test("keyboard", { tag: "@mobile" }, async ({ visit }) => {
    const page = await visit("gestures");
    const text = page.getByLabel("Text");
    await text.pressSequentially("ab");
    await text.press("Backspace");
    await page.keyboard.down("Shift");
    await page.keyboard.press("KeyC");
    await page.keyboard.up("Shift");
    await expect(text).toHaveValue("aC");
    await text.press("ControlOrMeta+a");
    await page.keyboard.insertText("ø");
    await expect(text).toHaveValue("ø");
    await text.clear();
    await expect(text).toBeEmpty();
  });

  test("select, check and other fields", async ({ visit }) => {
    const page = await visit("gestures");
    expect(await page.getByLabel("Fruit").selectOption(["Apple", "q"])).toEqual(["Apple", "q"]);
    await page.getByLabel("Class").selectOption({ label: "Business" });
    await page.getByLabel("Wifi").check();
    await page.getByLabel("Wifi").setChecked(false);
    await page.getByLabel("Aisle").check();
    await expect(page.getByLabel("Window")).not.toBeChecked();
    await page.getByLabel("Volume").fill("8");
    await expect(page.getByRole("status")).toHaveText("volume 8");
    await page.getByLabel("Rich").fill("Richer");
    await expect(page.getByLabel("Rich")).toHaveText("Richer");
  });
});
