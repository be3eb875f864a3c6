import type { Command } from "../protocol/messages";
import type {
  AttachSessionInfo,
  ConsoleList,
  Download,
  InstructionProblem,
  InstructionsChecked,
  Locators,
  NewRun,
  RecordingTimeline,
  RequestList,
  Role,
  Run,
  RunList,
  RunStatus,
  SharedLink,
  ShareToken,
  SourceExcerpt,
  Step,
  StreamInfo,
} from "../protocol/types";
import { problem, unreachable } from "./errors";

interface ClientOptions {
  /** Origin of the API; empty for the page's own. */
  baseUrl?: string;
  /** API key or share token. */
  token?: string | null;
  /** The client id that makes one viewer of everything that this player opens: requests, socket, video. */
  client?: string | null;
}

/** A test in Python or TypeScript, a file for `jumpseat run`, or a patch of the test's own files. */
export type ExportFormat = "pytest" | "typescript" | "yaml" | "patch";

/** Which runs a list is to have. */
export interface RunQuery {
  status?: RunStatus;
  planner?: Run["planner"];
  /** What name, address or instructions have in them, in any case. */
  q?: string;
  /** The id of an attach session. */
  session?: string;
  /** Only those that need a person. */
  attention?: boolean;
  limit?: number;
  cursor?: string;
}

/** Lists that are kept to be named to the server, which need not send them again: as many as a page asks for, twice. */
const KEPT_LISTS = 16;

/** Calls the HTTP API. Every method throws `ApiError` when it is refused or the server is away. */
export class ApiClient {
  readonly baseUrl: string;
  readonly token: string | null;
  readonly client: string | null;
  /** The newest lists by their paths, the one that was read last at the end. */
  readonly #known = new Map<string, { etag: string; list: RunList }>();

  constructor({ baseUrl = "", token = null, client = null }: ClientOptions = {}) {
    this.baseUrl = new URL(baseUrl || "/", location.href).origin;
    this.token = token;
    this.client = client;
  }

  /** The same object as the last time while nothing has changed. */
  async listRuns({ status, planner, q, session, attention, limit = 24, cursor }: RunQuery = {}): Promise<RunList> {
    const given = { limit, status, planner, q, session, attention: attention && 1, cursor };
    const texts = Object.entries(given).flatMap(([name, value]) => (value ? [[name, String(value)]] : []));
    const path = `/api/tests?${new URLSearchParams(texts)}`;
    const known = this.#known.get(path);
    const response = await this.request(path, known ? { etag: known.etag } : {});
    const list = known && response.status === 304 ? known.list : ((await response.json()) as RunList);
    const etag = response.headers.get("ETag") ?? known?.etag ?? null;
    this.#known.delete(path);
    if (etag !== null) this.#known.set(path, { etag, list });
    for (const oldest of [...this.#known.keys()].slice(0, -KEPT_LISTS)) this.#known.delete(oldest);
    return list;
  }

  /** Reads an attach session, and says that somebody is at its page: to be repeated within 15 seconds. */
  attend(sessionId: string): Promise<AttachSessionInfo> {
    return this.#json(`/api/attach/${encodeURIComponent(sessionId)}?present=1`);
  }

  createRun(run: NewRun): Promise<Run> {
    return this.#json("/api/tests", { method: "POST", body: run });
  }

  /** Returns what is wrong with instructions for this planner (the server's default one where it is left out). */
  async checkInstructions(instructions: string, planner?: NewRun["planner"]): Promise<InstructionProblem[]> {
    const body = { instructions, ...(planner ? { planner } : {}) };
    return (await this.#json<InstructionsChecked>("/api/tests/check", { method: "POST", body })).problems;
  }

  /** Returns how tests write this selector. */
  locators(selector: string): Promise<Locators> {
    return this.#json("/api/locators", { method: "POST", body: { selector } });
  }

  /** Returns the body that the run was created with, without its secrets. */
  spec(runId: string): Promise<NewRun> {
    return this.#json(`${testPath(runId)}/spec`);
  }

  run(runId: string): Promise<Run> {
    return this.#json(testPath(runId));
  }

  async cancelRun(runId: string): Promise<void> {
    await this.request(`${testPath(runId)}/cancel`, { method: "POST" });
  }

  async removeRun(runId: string): Promise<void> {
    await this.request(testPath(runId), { method: "DELETE" });
  }

  /** Returns how long the run's recording is, and where nothing happens in it. */
  timeline(runId: string): Promise<RecordingTimeline> {
    return this.#json(`${testPath(runId)}/recording/timeline`);
  }

  /** Returns where a `<video>` finds what is recorded up to so many milliseconds: the address has a new ticket in it. */
  async recording(runId: string, untilMs: number): Promise<string> {
    const { viewerToken } = await this.stream(runId);
    return withToken(this.url(`${testPath(runId)}/recording?until=${Math.round(untilMs)}`), viewerToken);
  }

  /** Returns the run's trace as a file, once the run is over. */
  async trace(runId: string): Promise<File> {
    return new File([await (await this.request(`${testPath(runId)}/trace`)).blob()], `${runId}-trace.zip`);
  }

  /** Returns where the trace viewer shows the run's trace: the address has a new ticket in it. */
  async traceViewer(runId: string): Promise<string> {
    const { viewerToken } = await this.stream(runId);
    const trace = `${testPath(runId)}/trace?token=${encodeURIComponent(viewerToken ?? "")}`;
    return new URL(`/trace-viewer/?trace=${encodeURIComponent(trace)}`, this.baseUrl).href;
  }

  /** True where pages of the server may have service workers, which the trace viewer is made of. */
  get isSecure(): boolean {
    return this.baseUrl === location.origin ? isSecureContext : this.baseUrl.startsWith("https:");
  }

  stream(runId: string): Promise<StreamInfo> {
    return this.#json(`${testPath(runId)}/stream`);
  }

  async steps(runId: string): Promise<Step[]> {
    const steps: Step[] = [];
    let query = "";
    for (;;) {
      const page = await this.#json<{ steps: Step[]; nextCursor?: string | null }>(`${testPath(runId)}/steps${query}`);
      steps.push(...page.steps);
      if (!page.nextCursor) return steps;
      query = `?cursor=${encodeURIComponent(page.nextCursor)}`;
    }
  }

  async step(runId: string, stepNumber: number): Promise<Step> {
    return (await this.#json<{ step: Step }>(`${testPath(runId)}/steps/${stepNumber}`)).step;
  }

  /** Returns the lines of an attached test around the call that the step is. */
  source(runId: string, stepNumber: number): Promise<SourceExcerpt> {
    return this.#json(`${testPath(runId)}/steps/${stepNumber}/source`);
  }

  /** Returns what the page logged and threw, from behind that number on. */
  console(runId: string, since: number): Promise<ConsoleList> {
    return this.#json(`${testPath(runId)}/console?since=${since}`);
  }

  /** Returns the page's requests that are over, from behind that number on. */
  network(runId: string, since: number): Promise<RequestList> {
    return this.#json(`${testPath(runId)}/network?since=${since}`);
  }

  /** Returns the files that the page downloaded. */
  async downloads(runId: string): Promise<Download[]> {
    return (await this.#json<{ entries: Download[] }>(`${testPath(runId)}/downloads`)).entries;
  }

  async download(runId: string, { number, name }: Download): Promise<File> {
    return new File([await (await this.request(`${testPath(runId)}/downloads/${number}`)).blob()], name);
  }

  command(runId: string, command: Command & { id: string }): Promise<unknown> {
    return this.#json(`${testPath(runId)}/commands`, { method: "POST", body: command });
  }

  /** Makes a secret of the run of a password that was typed by hand. */
  async keepSecret(runId: string, name: string): Promise<void> {
    await this.request(`${testPath(runId)}/secrets`, { method: "POST", body: { name } });
  }

  share(runId: string, body: { role: Exclude<Role, "owner">; ttlSeconds: number }): Promise<ShareToken> {
    return this.#json(`${testPath(runId)}/tokens`, { method: "POST", body });
  }

  /** Returns the links to the run that live, the newest first. */
  async shareLinks(runId: string): Promise<SharedLink[]> {
    return (await this.#json<{ tokens: SharedLink[] }>(`${testPath(runId)}/tokens`)).tokens;
  }

  async revoke(runId: string, tokenId: string): Promise<void> {
    await this.request(`${testPath(runId)}/tokens/${encodeURIComponent(tokenId)}`, { method: "DELETE" });
  }

  /** Returns the run as a file, under the name that the server gives it. */
  async exportRun(runId: string, format: ExportFormat): Promise<File> {
    return file(await this.request(`${testPath(runId)}/export?format=${format}`), `run.${format}`);
  }

  /** Returns the file for `jumpseat run` that makes the same run; values of secrets are not in it. */
  async testFile(run: NewRun): Promise<File> {
    return file(await this.request("/api/tests/file", { method: "POST", body: run }), "test.yaml");
  }

  /** Returns the locators that people chose as a patch of the test's files; empty where they chose none. */
  async exportPatch(runId: string): Promise<string> {
    return (await this.exportRun(runId, "patch")).text();
  }

  /** Returns a stored picture, which the browser may have kept. */
  async picture(path: string): Promise<Blob> {
    return (await this.request(path, { cache: "default" })).blob();
  }

  /**
   * Sends one request with the credential; a refusal is thrown as `ApiError`. With `etag` the answer may be 304: what
   * that names is the newest still.
   */
  async request(
    path: string,
    {
      method = "GET",
      body,
      etag,
      cache = "no-store",
    }: { method?: string; body?: unknown; etag?: string; cache?: RequestCache } = {},
  ): Promise<Response> {
    const headers = new Headers(this.token ? { Authorization: `Bearer ${this.token}` } : {});
    if (etag !== undefined) headers.set("If-None-Match", etag);
    if (body !== undefined) headers.set("Content-Type", "application/json");
    const init: RequestInit = { method, headers, cache };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await fetch(this.url(path), init).catch(() => {
      throw unreachable();
    });
    if (!response.ok && !(etag !== undefined && response.status === 304)) throw await problem(response);
    return response;
  }

  /**
   * True where the server is there and does not let the pages of this origin read its answers. Browsers tell such an answer from none
   * at all by this alone: a request whose answer nobody wants to read is answered.
   */
  async refusesOrigin(): Promise<boolean> {
    if (this.baseUrl === location.origin) return false;
    const asked = async (mode: RequestMode) =>
      fetch(new URL("/healthz", this.baseUrl), { mode, cache: "no-store" }).then(
        () => true,
        () => false,
      );
    // The server was there before and after: it has not just been started.
    return (await asked("no-cors")) && !(await asked("cors")) && (await asked("no-cors"));
  }

  /** Returns the absolute URL of a path on the server, with this client's id. */
  url(path: string): string {
    const url = new URL(path, this.baseUrl);
    if (this.client !== null) url.searchParams.set("client", this.client);
    return url.href;
  }

  async #json<T>(path: string, init?: { method?: string; body?: unknown }): Promise<T> {
    return (await this.request(path, init)).json() as Promise<T>;
  }
}

/** Returns the answer as a file, under the name that it has there (RFC 6266 §4.3). */
async function file(response: Response, otherwise: string): Promise<File> {
  const given = response.headers.get("Content-Disposition") ?? "";
  const [, extended] = /filename\*=UTF-8''([^;]+)/.exec(given) ?? [];
  const [, plain] = /filename="([^"]+)"/.exec(given) ?? [];
  return new File([await response.blob()], extended ? decodeURIComponent(extended) : (plain ?? otherwise));
}

function testPath(runId: string): string {
  return `/api/tests/${encodeURIComponent(runId)}`;
}

/** Returns a URL with a ticket in it, for a request to another origin that is to need no preflight. */
export function withToken(url: string, token: string | null): string {
  const result = new URL(url, location.href);
  if (token !== null && !result.searchParams.has("token")) result.searchParams.set("token", token);
  return result.href;
}
