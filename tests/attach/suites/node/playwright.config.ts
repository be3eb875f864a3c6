import { defineConfig, devices } from "@playwright/test";

const report = process.env.JSON_REPORT;
const root = process.getuid?.() === 0;

export default defineConfig({
  testDir: ".",
  outputDir: process.env.OUTPUT_DIR ?? "test-results",
  fullyParallel: true,
  forbidOnly: true,
  retries: 1,
  workers: 2,
  timeout: 60_000,
  reporter: report ? [["line"], ["json", { outputFile: report }]] : "list",
  use: {
    baseURL: process.env.SHOP_URL,
    contextOptions: { reducedMotion: "reduce" },
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH,
      args: ["--disable-background-networking", ...(root ? ["--no-sandbox"] : [])],
    },
  },
  projects: [
    { name: "desktop", grepInvert: /@mobile-only/ },
    { name: "mobile", use: { ...devices["Pixel 7"], trace: "on", screenshot: "on" }, grep: /@mobile/ },
  ],
});
