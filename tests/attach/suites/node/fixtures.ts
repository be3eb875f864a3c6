/** What the specs share: page objects and a page that is opened by name. */
import { type Browser, type BrowserContext, type Locator, type Page, test as base, expect } from "@playwright/test";

export const PAGES_URL = process.env.PAGES_URL ?? "";

export class Shop {
  readonly goods: Locator;
  readonly search: Locator;
  readonly cartCount: Locator;

  constructor(readonly page: Page) {
    this.goods = page.getByRole("main").getByRole("listitem");
    this.search = page.getByRole("searchbox", { name: "Search" });
    this.cartCount = page.locator(".cart-count");
  }

  async buy(slug: string, { colour, quantity = 1 }: { colour?: string; quantity?: number } = {}) {
    await base.step(`buy ${slug}`, async () => {
      await this.page.goto(`/products/${slug}`);
      if (colour) await this.page.getByLabel("Colour").selectOption(colour);
      await this.page.getByLabel("Quantity").selectOption(String(quantity));
      await this.page.getByRole("button", { name: "Add to cart" }).click();
      await expect(this.page.getByRole("status")).toContainText("is in your cart");
    });
  }

  async checkout(name: string, country: string) {
    await this.page.goto("/cart");
    await this.page.getByRole("button", { name: "Checkout" }).click();
    await this.page.getByLabel("Name").fill(name);
    await this.page.getByLabel("Email").fill("someone@example.com");
    await this.page.getByLabel("Address").fill("12 Analytical Street");
    await this.page.getByLabel("Country").selectOption(country);
  }
}

type Fixtures = {
  shop: Shop;
  /** Opens one of the awkward pages. */
  visit: (name: string) => Promise<Page>;
  /** The state of a member who has logged in, in a context of its own. */
  memberState: Awaited<ReturnType<BrowserContext["storageState"]>>;
};

export const test = base.extend<Fixtures>({
  shop: async ({ page }, use) => use(new Shop(page)),
  visit: async ({ page }, use) => {
    await use(async (name) => {
      await page.goto(`${PAGES_URL}/${name}.html`);
      return page;
    });
  },
  memberState: async ({ browser }, use) => use(await loggedIn(browser, "ada")),
});

async function loggedIn(browser: Browser, user: string) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${PAGES_URL}/login.html`);
  await page.getByLabel("User").fill(user);
  await page.getByLabel("Password").fill("fly-me");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("heading")).toHaveText(`Hello ${user}`);
  const state = await context.storageState();
  await context.close();
  return state;
}

export { expect };
