// Sends every browser that Playwright launches in this Node process to jumpseat; loaded by `jumpseat attach` through
// NODE_OPTIONS. In a worker of Playwright Test it also reports which test the browser belongs to.
'use strict';

const { randomUUID } = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const { Module } = require('node:module');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

const endpoint = process.env.JUMPSEAT_ATTACH;
const oldest = process.env.JUMPSEAT_ATTACH_OLDEST;
const untimed = Boolean(process.env.JUMPSEAT_ATTACH_UNTIMED);
const WORKER_HEADER = 'x-jumpseat-worker';
const LAUNCH_OPTIONS_HEADER = 'x-playwright-launch-options';
const OWN_BROWSER_HEADER = 'x-jumpseat-own-browser';
const LIBRARY = /[\\/]playwright-core[\\/]index\.js$/;
const TEST_LIBRARY = /[\\/]playwright[\\/](?:test|lib[\\/]index)\.js$/;
const TEST_COMMAND = /[\\/](?:playwright[\\/]cli\.js|@playwright[\\/]test[\\/]cli\.js|\.bin[\\/]playwright)$/;
const PATCHED = Symbol.for('jumpseat.attached');
const LONGEST_WAIT = 1000;

/** Sends reports in order over one connection, which keeps no process alive. */
class Reports {
  constructor(url) {
    this.url = new URL(url.replace(/^ws/, 'http').replace(/\/$/, '') + '/report');
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    this.sent = null;
    this.broken = false;
  }

  send(report) {
    if (this.broken) return;
    const body = JSON.stringify(report);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const answered = new Promise((resolve) => {
      const request = http.request(this.url, { method: 'POST', agent: this.agent, headers }, (response) => {
        response.resume();
        response.on('close', resolve);
      });
      request.on('socket', (socket) => socket.unref());
      request.on('error', () => {
        this.broken = true;
        resolve();
      });
      request.end(body);
    });
    this.sent = answered;
    void answered.then(() => {
      if (this.sent === answered) this.sent = null;
    });
  }

  /** Resolves once what was sent has arrived, or soon in any case. */
  async delivered() {
    const late = new Promise((resolve) => setTimeout(resolve, LONGEST_WAIT).unref());
    await Promise.race([this.sent, late]);
  }
}

const reports = endpoint ? new Reports(endpoint) : null;

function workerKey() {
  return process.env.TEST_WORKER_INDEX === undefined ? '' : `${process.env.TEST_WORKER_INDEX}@${process.pid}`;
}

function headersFor(launchOptions) {
  // The first of these may hold secrets, the second is no JSON, the rest are options of `connect`.
  const { env, logger, slowMo, timeout, ...wanted } = launchOptions;
  // A header holds no character beyond Latin-1.
  const text = JSON.stringify(wanted).replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return { [LAUNCH_OPTIONS_HEADER]: text, ...workerHeader() };
}

function workerHeader() {
  const key = workerKey();
  return key ? { [WORKER_HEADER]: key } : {};
}

/** Tells whether the endpoint understands the Playwright of this file; it does where nothing else is known. */
function isServed(file) {
  const numbers = (version) => version.split('.').slice(0, 2).map(Number);
  try {
    const [major, minor] = numbers(JSON.parse(fs.readFileSync(path.join(path.dirname(file), 'package.json'), 'utf8')).version);
    const [leastMajor, leastMinor] = numbers(oldest);
    return !(major < leastMajor || (major === leastMajor && minor < leastMinor));
  } catch {
    return true;
  }
}

/** Has `launch` of every browser type connect to the endpoint, and `connect` to it say which worker it is. */
function patchLibrary(library, file) {
  const types = Object.getPrototypeOf(library.chromium);
  if (types[PATCHED]) return;
  types[PATCHED] = true;
  const { launch, connect, launchPersistentContext } = types;
  const reach = isServed(file) ? connectToOurs : connectToOwn;

  /** Connects to a browser like this one; where none can be had, launches it as without us. */
  async function attach(type, options, connectOptions) {
    const own = { slowMo: options.slowMo, timeout: options.timeout };
    try {
      return patchBrowser(await reach(type, options, { ...own, ...connectOptions }));
    } catch (error) {
      const said = String(error.message).match(/jumpseat: (.*)/)?.[1] ?? String(error.message).split('\n')[0];
      reports.send({ event: 'note', text: `${type.name()} is not watched: ${said}` });
      return launch.call(type, options);
    }
  }

  async function connectToOurs(type, options, connectOptions) {
    return connect.call(type, endpoint, { ...connectOptions, headers: { ...headersFor(options), ...connectOptions.headers } });
  }

  /** Connects to a browser that this Playwright launches itself, as the endpoint does not understand this version. */
  async function connectToOwn(type, options, connectOptions) {
    const args = options.args ?? [];
    if (type.name() !== 'chromium' || args.some((arg) => /^--remote-debugging-(port|pipe)/.test(arg))) {
      throw new Error('only Chromium can be looked at, and by a debugging port that is not taken');
    }
    const { slowMo, ...wanted } = options;
    const cdpPort = await freePort();
    const debugged = [...args, `--remote-debugging-port=${cdpPort}`];
    const server = await type.launchServer({ ...wanted, host: '127.0.0.1', args: debugged });
    try {
      const named = JSON.stringify({ endpoint: server.wsEndpoint(), cdpPort });
      const headers = { [OWN_BROWSER_HEADER]: named, ...workerHeader(), ...connectOptions.headers };
      const browser = await connect.call(type, endpoint, { ...connectOptions, headers });
      const { close } = browser;
      browser.close = async function (...args) {
        await close.apply(this, args);
        await server.close();
      };
      browser.on('disconnected', () => server.close());
      return browser;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  types.launch = function (options = {}) {
    if (!process.env.JUMPSEAT_ATTACH) return launch.call(this, options);
    return attach(this, { ...this._playwright?._defaultLaunchOptions, ...options }, {});
  };

  types.connect = function (where, options) {
    const to = typeof where === 'string' ? where : (where?.wsEndpoint ?? where?.endpoint);
    if (to !== endpoint) return connect.call(this, where, options);
    const { wsEndpoint: _, endpoint: __, headers: given, ...others } = { ...options, ...(typeof where === 'string' ? {} : where) };
    // Playwright Test says here what it would have launched.
    const { [LAUNCH_OPTIONS_HEADER]: wanted, ...headers } = given ?? {};
    return attach(this, wanted ? JSON.parse(wanted) : {}, { ...others, headers });
  };

  types.launchPersistentContext = function (...args) {
    reports.send({ event: 'note', text: 'launchPersistentContext is left alone: what it opens is not watched' });
    return launchPersistentContext.apply(this, args);
  };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Has a context wait for the report that says which test it belongs to. */
function patchBrowser(browser) {
  const browsers = Object.getPrototypeOf(browser);
  if (!browsers[PATCHED]) {
    browsers[PATCHED] = true;
    patchDownloads(browsers);
    const { newContext } = browsers;
    browsers.newContext = function (...args) {
      return reports.sent ? reports.delivered().then(() => newContext.apply(this, args)) : newContext.apply(this, args);
    };
  }
  return browser;
}

/**
 * Has `download.path()` give a file as it does where Playwright has launched the browser itself. A client that has
 * connected to one is refused the path, as the file may be on another machine: it gets a copy, which is removed when the
 * process ends.
 */
function patchDownloads(browsers) {
  let emitter = browsers;
  while (emitter && !Object.hasOwn(emitter, 'emit')) emitter = Object.getPrototypeOf(emitter);
  if (!emitter || emitter[PATCHED] === emitter) return;
  emitter[PATCHED] = emitter;
  const { emit } = emitter;
  emitter.emit = function (event, ...args) {
    if (event === 'download' && typeof args[0]?.saveAs === 'function') patchDownload(Object.getPrototypeOf(args[0]));
    return emit.call(this, event, ...args);
  };
}

function patchDownload(downloads) {
  if (Object.hasOwn(downloads, PATCHED)) return;
  downloads[PATCHED] = true;
  const original = downloads.path;
  let folder = null;
  downloads.path = async function () {
    try {
      return await original.call(this);
    } catch (error) {
      if (!/connecting remotely/.test(error.message)) throw error;
    }
    if (!folder) {
      folder = fs.mkdtempSync(path.join(os.tmpdir(), 'jumpseat-downloads-'));
      process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
    }
    const file = path.join(folder, randomUUID());
    await this.saveAs(file);
    return file;
  };
}

/** Reports what a worker of Playwright Test says to its main process about its tests. */
class TestReports {
  begun = null;
  steps = new Map();

  on({ method, params }) {
    if (method === 'testBegin') this.onTestBegin();
    else if (method === 'testEnd') this.onTestEnd(params);
    else if (method === 'stepBegin' && params.category === 'test.step') this.onStep('stepBegin', params);
    else if (method === 'stepEnd' && this.steps.has(params.stepId)) this.onStep('stepEnd', params);
  }

  onTestBegin() {
    const info = currentTest();
    if (!info) return;
    if (untimed) {
      info.setTimeout(0);
      info.setTimeout = () => {};
    }
    const project = info.project.name ? [`[${info.project.name}]`] : [];
    this.steps.clear();
    this.begun = { title: [...project, ...info.titlePath.slice(1)].join(' › '), retry: info.retry };
    const test = { file: info.file, line: info.line, worker: String(info.parallelIndex), ...this.begun };
    reports.send({ event: 'testBegin', worker: workerKey(), test });
  }

  onTestEnd({ status, expectedStatus, errors }) {
    if (!this.begun) return;
    const outcome = status === 'skipped' ? 'skipped' : status === expectedStatus ? 'passed' : 'failed';
    const error = outcome === 'failed' ? errorText(errors?.[0], status) : null;
    reports.send({ event: 'testEnd', worker: workerKey(), ...this.begun, status: outcome, error });
    this.begun = null;
  }

  onStep(event, { stepId, title }) {
    if (event === 'stepBegin') this.steps.set(stepId, title);
    reports.send({ event, worker: workerKey(), title: this.steps.get(stepId) });
    if (event === 'stepEnd') this.steps.delete(stepId);
  }
}

function errorText(error, status) {
  const text = error?.message ?? error?.value ?? `the test ${status === 'timedOut' ? 'took too long' : status}`;
  return text.replace(/\x1b\[[0-9;]*m/g, '').trim().slice(0, 2000);
}

function currentTest() {
  for (const [file, module] of Object.entries(require.cache)) {
    if (!TEST_LIBRARY.test(file) || !module.exports.test?.info) continue;
    try {
      return module.exports.test.info();
    } catch {
      // Another copy of the library, which runs no test.
    }
  }
  return null;
}

function install() {
  const load = Module._extensions['.js'];
  Module._extensions['.js'] = function (module, filename) {
    load.call(this, module, filename);
    if (LIBRARY.test(filename)) patchLibrary(module.exports, filename);
  };
  for (const [file, module] of Object.entries(require.cache)) {
    if (LIBRARY.test(file) && module.loaded) patchLibrary(module.exports, file);
  }
  if (process.send) {
    const tests = new TestReports();
    const send = process.send;
    process.send = function (message, ...args) {
      if (message?.method === '__dispatch__' && message.params?.method) report(tests, message.params);
      return send.call(this, message, ...args);
    };
  } else if (untimed && TEST_COMMAND.test(process.argv[1] ?? '') && process.argv[2] === 'test') {
    process.argv.push('--timeout=0');
  }
}

function report(tests, message) {
  try {
    tests.on(message);
  } catch {
    // Another version of Playwright Test may say it in another way: then tests have no names, and run as ever.
  }
}

if (endpoint) install();
