import { defineConfig } from '@playwright/test';

export default defineConfig({
  reporter: 'list',
  use: { baseURL: process.env.SHOP_URL, actionTimeout: 10_000 },
});
