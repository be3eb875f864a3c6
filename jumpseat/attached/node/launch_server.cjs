// Launches a browser with the Playwright of a project in Python, which has no `launchServer` of its own:
// node launch_server.cjs FOLDER KIND, with the options of `launchServer` as one line of JSON on stdin. Prints the
// server's address as JSON, or what went wrong, and ends with its stdin: with the process that has started it.
'use strict';

const { createInterface } = require('node:readline');

const [folder, kind] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin });
let server = null;

lines.once('line', async (line) => {
  try {
    server = await require(folder)[kind].launchServer(JSON.parse(line));
    process.stdout.write(`${JSON.stringify({ endpoint: server.wsEndpoint() })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: error.message })}\n`);
  }
});
lines.once('close', async () => {
  await server?.close();
  process.exit();
});
// Ctrl-C is for the tests, which close their browser themselves.
process.on('SIGINT', () => {});
