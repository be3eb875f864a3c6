import { ApiClient } from "./api/client";
import { ApiError, describe } from "./api/errors";
import { tabClientId } from "./api/token";
import { ControlLink } from "./control/link";
import { TransportLadder } from "./media/ladder";
import { RecordingPlayer } from "./media/recording";
import { buildRungs } from "./media/rungs";
import { Surface } from "./media/surface";
import { isFinal, type RunStatus, type StreamInfo } from "./protocol/types";
import { ShareLinks } from "./shareLinks";
import type { MediaStats, TransportKind } from "./store/state";
import { Store } from "./store/store";

export type TransportChoice = "auto" | TransportKind;

export interface SessionOptions {
  runId: string;
  /** Origin of the jumpseat server; the page's own where it is left out. */
  apiUrl?: string | undefined;
  /** API key or share token. */
  token?: string | null | undefined;
  transport?: TransportChoice | undefined;
  /** What the embedding page already knows; the rest is asked of the server. */
  stream?: Partial<StreamInfo> | undefined;
}

/** Holds everything behind one player: the store, the link for events and commands, and the ladder of transports. */
export class PlayerSession {
  readonly runId: string;
  readonly api: ApiClient;
  readonly store: Store;
  readonly surface = new Surface();
  readonly link: ControlLink;
  readonly shareLinks: ShareLinks;
  readonly recording: RecordingPlayer;
  readonly #ladder: TransportLadder;
  readonly #knownStream: Partial<StreamInfo>;
  readonly #onWake = () => this.wake();
  #transport: TransportChoice;
  #status: RunStatus | null = null;
  /** The step that was asked for last: an answer for another one comes too late. */
  #replaying: number | null = null;
  #unsubscribe: (() => void) | null = null;

  constructor({ runId, apiUrl, token = null, transport = "auto", stream = {} }: SessionOptions) {
    this.runId = runId;
    this.#transport = transport;
    this.#knownStream = stream;
    this.api = new ApiClient({ baseUrl: apiUrl ?? "", token, client: tabClientId() });
    this.shareLinks = new ShareLinks(this.api, runId);
    this.store = new Store(runId);
    this.link = new ControlLink({ api: this.api, store: this.store, runId, token });
    this.recording = new RecordingPlayer({
      timeline: () => this.api.timeline(runId),
      address: (untilMs) => this.api.recording(runId, untilMs),
      onChange: (recording) => this.store.set({ recording }),
      onError: (error) => this.store.notify("error", describe(error)),
    });
    this.#ladder = new TransportLadder({
      rungs: () => this.#rungs(),
      surface: this.surface,
      onState: (media) => this.store.set({ media }),
      onSize: (size) => this.store.set({ size }),
      onStats: (stats) => this.store.set({ stats: stats && this.#onServerClock(stats) }),
    });
  }

  get transport(): TransportChoice {
    return this.#transport;
  }

  start(): void {
    this.#unsubscribe = this.store.subscribe(() => this.#followRun());
    for (const event of ["online", "pageshow"]) addEventListener(event, this.#onWake);
    document.addEventListener("visibilitychange", this.#onWake);
    this.link.start();
    void this.#checkAccess();
  }

  /** Ends every connection; the session cannot be started again. */
  close(): void {
    this.#unsubscribe?.();
    for (const event of ["online", "pageshow"]) removeEventListener(event, this.#onWake);
    document.removeEventListener("visibilitychange", this.#onWake);
    this.#ladder.stop();
    this.recording.live();
    this.link.close();
  }

  choose(transport: TransportChoice): void {
    this.#transport = transport;
    this.#ladder.restart();
  }

  wake(): void {
    if (document.hidden) return;
    this.link.wake();
    this.#ladder.wake();
  }

  /** Shows the record of a completed step to this viewer alone. By HTTP: the channels of a run that is over are gone. */
  async replay(stepNumber: number): Promise<void> {
    this.#replaying = stepNumber;
    try {
      const replay = await this.api.step(this.runId, stepNumber);
      if (this.#replaying === stepNumber) this.store.set({ replay });
    } catch (error) {
      this.store.notify("error", describe(error));
    }
  }

  /** Asks for the run once, so that a refusal is shown with its reason, which a socket cannot give. */
  async #checkAccess(): Promise<void> {
    try {
      await this.api.run(this.runId);
    } catch (error) {
      const isRefusal = error instanceof ApiError && [401, 403, 404].includes(error.status);
      if (isRefusal) this.link.refuse(error);
      else if (error instanceof ApiError && error.status === 0) await this.#explainSilence(error);
    }
  }

  /** Says why no answer comes: to a page of another origin the browser does not say whether the server is there. */
  async #explainSilence(error: ApiError): Promise<void> {
    if (await this.api.refusesOrigin()) {
      const wanted = `add ${location.origin} to JUMPSEAT_ALLOWED_ORIGINS on the server and start it again.`;
      const text = `The server does not let pages of ${location.origin} use it: ${wanted}`;
      this.link.refuse(new ApiError(text, { status: 403, code: "origin" }));
    } else if (this.store.state.run === null) {
      this.store.set({ media: { phase: "idle", transport: null, reason: error.message } });
    }
  }

  /** Lets the picture follow the run: it starts when the run does and stops with it. */
  #followRun(): void {
    if (this.store.state.fatal !== null) return this.#ladder.stop();
    const status = this.store.state.run?.status ?? null;
    if (status === this.#status || status === null) return;
    this.#status = status;
    if (status === "queued") this.store.set({ media: { phase: "waiting", transport: null, reason: null } });
    else if (!isFinal(status)) this.#ladder.start();
    else {
      this.#ladder.stop();
      this.store.set({ media: { phase: "ended", transport: null, reason: null } });
    }
  }

  /** Corrects the age of JPEG frames, which is by the server's clock. */
  #onServerClock(stats: MediaStats): MediaStats {
    const { media, clockAheadMs } = this.store.state;
    const byServer = media.transport === "mjpeg" || media.transport === "polling";
    return byServer && stats.ageMs !== null ? { ...stats, ageMs: Math.max(0, stats.ageMs + clockAheadMs) } : stats;
  }

  async #rungs() {
    const info = { ...(await this.api.stream(this.runId)), ...this.#knownStream };
    const renew = () => this.api.stream(this.runId);
    const rungs = buildRungs(info, { api: this.api, control: this.link, renew });
    const chosen = rungs.filter(({ kind }) => this.#transport === "auto" || kind === this.#transport);
    if (chosen.length === 0) throw new Error(`This run offers no ${this.#transport} stream: choose another transport`);
    return chosen;
  }
}
