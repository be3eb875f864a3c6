// Fails when the player without the LiveKit client is larger than its budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 90;
const bytes = gzipSync(readFileSync(new URL("../dist/player.js", import.meta.url)), { level: 9 }).length;
const kilobytes = bytes / 1000;
console.log(`player.js: ${kilobytes.toFixed(1)} kB gzip (budget ${BUDGET_KB} kB)`);
if (kilobytes > BUDGET_KB) process.exit(1);
