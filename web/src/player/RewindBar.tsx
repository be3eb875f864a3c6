import { type PointerEvent, type ReactNode, useEffect, useReducer, useRef, useState } from "react";
import { lengthMs } from "../media/recording";
import { isFinal, type Step } from "../protocol/types";
import { Button } from "./Button";
import { usePlayer, usePlayerState } from "./context";
import { stepTitle } from "./format";
import { RunPicture } from "./RunPicture";
import { MOST_MARKS, thinned } from "./thinned";

const RATES = [0.5, 1, 2, 4];
const SECOND_MS = 1000;
const RETRY_MS = 3000;

/** The recording as a bar, its right end is now: drag it back, and play from there. */
export function RewindBar() {
  const { session, setUi } = usePlayer();
  const isRecorded = usePlayerState((state) => state.run !== null && state.run.record !== "off");
  const status = usePlayerState((state) => state.run?.status);
  const recording = usePlayerState((state) => state.recording);
  const hasEnded = status !== undefined && isFinal(status);
  const hasBegun = recording !== null && recording.timeline.startedAt !== null;
  useEffect(() => {
    if (!isRecorded) return;
    void session.recording.refresh();
    // It begins with the first picture, and its end is known once the run is over.
    const timer = hasBegun || hasEnded ? undefined : setInterval(() => void session.recording.refresh(), RETRY_MS);
    return () => clearInterval(timer);
  }, [isRecorded, hasBegun, hasEnded, session]);
  const now = useNow(isRecorded && !hasEnded);
  const startedAt = recording?.timeline.startedAt ?? null;
  if (recording === null || startedAt === null) {
    return isRecorded && !hasEnded ? <p className="jp-rewind jp-dim">This run is being recorded.</p> : null;
  }
  const { atMs, isPaused, rate, skipsStill, timeline } = recording;
  const length = Math.max(1, lengthMs(timeline, now));
  const isLive = atMs === null;
  const seek = (toMs: number) => {
    setUi({ replayStep: null, picking: false });
    void session.recording.seek(toMs);
  };
  const back = length - (atMs ?? length);
  const place = isLive ? (timeline.growing ? "Live" : "The end") : `${clock(atMs)}, ${clock(back)} before the end`;
  return (
    <div className="jp-rewind" data-live={isLive || undefined}>
      <Button
        icon={isLive || isPaused ? "play" : "pause"}
        label={isLive || isPaused ? "Play the recording" : "Stop the recording here"}
        iconOnly
        tone="quiet"
        onClick={() => (isLive ? seek(Math.max(0, length - 10 * SECOND_MS)) : session.recording.setPaused(!isPaused))}
      />
      <Track length={length} startedAt={Date.parse(startedAt)} stills={timeline.stills}>
        <input
          type="range"
          aria-label="Go back in the recording"
          aria-valuetext={place}
          min={0}
          max={length}
          step={SECOND_MS / 10}
          value={atMs ?? length}
          onChange={(event) => seek(Number(event.target.value))}
        />
        <span className="jp-played" style={{ left: `${((atMs ?? length) / length) * 100}%` }} />
      </Track>
      <span className="jp-dim jp-clock">{isLive ? clock(length) : `${clock(atMs)} / ${clock(length)}`}</span>
      <select
        aria-label="Speed of the recording"
        value={rate}
        onChange={(event) => session.recording.setRate(Number(event.target.value))}
      >
        {RATES.map((each) => (
          <option key={each} value={each}>
            {each} ×
          </option>
        ))}
      </select>
      <Button
        icon="skip"
        label="Skip where nothing moves"
        iconOnly
        tone={skipsStill ? "primary" : "quiet"}
        aria-pressed={skipsStill}
        onClick={() => session.recording.setSkipsStill(!skipsStill)}
      />
      {!isLive && (
        <Button icon="live" label="Live" tone="primary" hotkey="L" onClick={() => session.recording.live()} />
      )}
    </div>
  );
}

interface TrackProps {
  length: number;
  startedAt: number;
  stills: readonly { fromMs: number; toMs: number }[];
  children: ReactNode;
}

/** The bar's marks, and the picture of the step that is pointed at. */
function Track({ length, startedAt, stills, children }: TrackProps) {
  const steps = usePlayerState((state) => state.run?.steps);
  const box = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const at = (step: Step) => Date.parse(step.timestamp) - startedAt;
  const percent = (ms: number) => `${Math.min(100, Math.max(0, (ms / length) * 100))}%`;
  const follow = (event: PointerEvent) => {
    const place = box.current?.getBoundingClientRect();
    if (place) setPointed(((event.clientX - place.left) / place.width) * length);
  };
  const near = pointed === null ? undefined : steps?.findLast((step) => at(step) <= pointed && step.screenshotUrl);
  return (
    <div className="jp-track" ref={box} onPointerMove={follow} onPointerLeave={() => setPointed(null)}>
      <div className="jp-marks" aria-hidden="true">
        {stills.map(({ fromMs, toMs }) => (
          <i key={fromMs} data-still style={{ left: percent(fromMs), width: percent(toMs - fromMs) }} />
        ))}
        {thinned(steps ?? [], MOST_MARKS).map(({ step, from }) => (
          <i key={from} data-status={step.status} style={{ left: percent(at(step)) }} />
        ))}
      </div>
      {children}
      {pointed !== null && (
        <div
          className="jp-hover"
          aria-hidden="true"
          style={{ left: `clamp(100px, ${percent(pointed)}, 100% - 100px)` }}
        >
          {near?.screenshotUrl && <RunPicture key={near.screenshotUrl} url={near.screenshotUrl} alt="" />}
          <span>
            {clock(pointed)}
            {near && ` · ${near.stepNumber}. ${stepTitle(near)}`}
          </span>
        </div>
      )}
    </div>
  );
}

/** Returns the server's time, and again each second while it is wanted. */
function useNow(isWanted: boolean): number {
  const ahead = usePlayerState((state) => state.clockAheadMs);
  const [, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (!isWanted) return;
    const timer = setInterval(tick, SECOND_MS);
    return () => clearInterval(timer);
  }, [isWanted]);
  return Date.now() + ahead;
}

/** Formats a place in the recording: 1:05. */
function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
