// A suite as many projects have it, for Playwright Test. One button has another name in the shop's new version.
import { expect, test } from '@playwright/test';

test.beforeEach(async ({ page }) => {
  await page.goto('/?rename=1');
});

test('a product is found', async ({ page }) => {
  await page.getByLabel('Search').fill('pillow');
  await page.getByLabel('Search').press('Enter');
  await page.getByRole('link', { name: 'Orbit neck pillow' }).first().click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Orbit neck pillow');
});

test('an order', async ({ page }) => {
  await test.step('fill the cart', async () => {
    await page.goto('/products/orbit');
    await page.getByRole('button', { name: 'Add to cart' }).click();
  });
  await test.step('go to the checkout', async () => {
    await page.goto('/cart');
    await page.getByRole('button', { name: 'Checkout' }).click();
  });
  await page.getByLabel('Name').fill('Ada Lovelace');
  await expect(page.getByLabel('Name')).toHaveValue('Ada Lovelace');
});
