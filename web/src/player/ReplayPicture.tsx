import { useState } from "react";
import { usePlayer, usePlayerState } from "./context";
import { stepTitle } from "./format";
import { PictureBox } from "./PictureBox";
import { RunPicture } from "./RunPicture";

/** A completed step as it was: its picture after, or before, it was done. */
export function ReplayPicture() {
  const { ui } = usePlayer();
  const replay = usePlayerState((state) => state.replay);
  const [before, setBefore] = useState(false);
  if (replay === null || replay.stepNumber !== ui.replayStep) return <div className="jp-replay" aria-busy="true" />;
  const { box, viewport } = replay;
  const url = (before && replay.beforeScreenshotUrl) || replay.screenshotUrl;
  return (
    <div className="jp-replay">
      {url ? (
        <RunPicture key={url} url={url} alt={`Step ${replay.stepNumber}: ${stepTitle(replay)}`} />
      ) : (
        <p className="jp-missing">This step has no picture.</p>
      )}
      {before && box && viewport && <PictureBox box={box} viewport={viewport} label={stepTitle(replay)} />}
      {replay.beforeScreenshotUrl && (
        <button type="button" className="jp-before-after" aria-pressed={before} onClick={() => setBefore(!before)}>
          {before ? "Before the step" : "After the step"}
        </button>
      )}
    </div>
  );
}
