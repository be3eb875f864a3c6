import type { TransportChoice } from "../session";
import type { PlayerState } from "../store/state";
import { Button } from "./Button";
import { copyText } from "./clipboard";
import { usePlayer, usePlayerState } from "./context";
import { CONTROL_NAMES, formatRate, TRANSPORT_NAMES } from "./format";

/** How picture and commands travel, in numbers; and by hand. */
export function StatsPanel() {
  const { session } = usePlayer();
  const state = usePlayerState((all) => all);
  const copy = () => {
    copyText(diagnostics(state)).then(
      () => session.store.notify("info", "The diagnostics are on the clipboard."),
      () => session.store.notify("error", "The browser did not allow copying."),
    );
  };
  return (
    <div className="jp-pad">
      <dl className="jp-facts jp-stats">
        {factsOf(state).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <TransportSelect />
      <div className="jp-buttons">
        <Button icon="copy" label="Copy diagnostics" onClick={copy} />
      </div>
    </div>
  );
}

const CHOICES: { value: TransportChoice; label: string }[] = [
  { value: "auto", label: "Best that works" },
  { value: "livekit", label: "LiveKit" },
  { value: "whep", label: "WebRTC (WHEP)" },
  { value: "mjpeg", label: "MJPEG" },
  { value: "polling", label: "JPEG polling" },
];

function TransportSelect() {
  const { session } = usePlayer();
  return (
    <label className="jp-field">
      Transport
      <select
        defaultValue={session.transport}
        onChange={(event) => session.choose(event.target.value as TransportChoice)}
      >
        {CHOICES.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

const ms = (value: number | null | undefined): string => (value == null ? "–" : `${Math.round(value)} ms`);

function factsOf({ media, stats, control, controlMs, size }: PlayerState): [string, string][] {
  return [
    ["Picture", media.transport ? TRANSPORT_NAMES[media.transport] : media.phase],
    ["Codec", stats?.codec ?? "–"],
    ["Resolution", size ? `${size.width} × ${size.height}` : "–"],
    ["Frame rate", stats ? `${stats.fps.toFixed(1)} fps` : "–"],
    ["Bit rate", stats ? formatRate(stats.kbps) : "–"],
    ["Round trip", ms(stats?.roundTripMs ?? controlMs)],
    ["Frame age", ms(stats?.ageMs)],
    ["Dropped, lost", stats ? `${stats.dropped}, ${stats.lost}` : "–"],
    ["Commands", control ? `${CONTROL_NAMES[control]}, ${ms(controlMs)}` : "not connected"],
  ];
}

/** Returns text for a bug report: no credential, no instructions, nothing of the page. */
export function diagnostics(state: PlayerState): string {
  const { runId, seq, role, control, controlMs, media, size, stats } = state;
  const run = state.run && { status: state.run.status, steps: state.run.steps.length, viewers: state.run.viewers };
  const here = { at: new Date().toISOString(), agent: navigator.userAgent, online: navigator.onLine };
  return JSON.stringify({ ...here, runId, seq, role, run, control, controlMs, media, size, stats }, null, 2);
}
