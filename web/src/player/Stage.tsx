import { type CSSProperties, useEffect, useRef } from "react";
import { isFinal, type Size } from "../protocol/types";
import { holdsControl } from "../store/state";
import { usePlayer, usePlayerState } from "./context";
import { InputLayer } from "./InputLayer";
import { PickLayer } from "./PickLayer";
import { PictureBox } from "./PictureBox";
import { ReplayPicture } from "./ReplayPicture";
import { RunPicture } from "./RunPicture";
import { StageMessage } from "./StageMessage";

const DEFAULT_SIZE: Size = { width: 1280, height: 720 };

/** The picture and everything that is drawn on it. */
export function Stage() {
  const { ui } = usePlayer();
  const size = usePlayerState((state) => state.size) ?? DEFAULT_SIZE;
  const holding = usePlayerState(holdsControl);
  const holder = usePlayerState((state) => state.run?.control.holder ?? null);
  const isRewound = usePlayerState((state) => state.recording !== null && state.recording.atMs !== null);
  const isLive = ui.replayStep === null && !isRewound;
  const frame: CSSProperties & Record<"--jp-width" | "--jp-height", number> = {
    "--jp-width": size.width,
    "--jp-height": size.height,
  };
  return (
    <div
      className="jp-stage"
      style={frame}
      data-actual-size={ui.actualSize || undefined}
      data-held={holding ? "me" : holder ? "other" : undefined}
      data-replay={isLive ? undefined : true}
    >
      <div className="jp-scroll">
        <div className="jp-frame">
          <Picture />
          <LastStep />
          {isLive && <ProposalBox />}
          {isLive && ui.pickFor !== "form" && <PickedBox />}
          {isLive && ui.picking && <PickLayer />}
          {isLive && holding && !ui.picking && <InputLayer />}
          {ui.replayStep !== null && <ReplayPicture />}
          {isRewound && <RecordedPicture />}
        </div>
      </div>
      <StageMessage />
    </div>
  );
}

function Picture() {
  const { surface } = usePlayer().session;
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    host.current?.append(surface.element);
    return () => surface.element.remove();
  }, [surface]);
  return <div className="jp-picture" ref={host} role="img" aria-label="Live picture of the tested page" />;
}

/** What is played of the recording. */
function RecordedPicture() {
  const { recording } = usePlayer().session;
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    host.current?.append(recording.element);
    return () => recording.element.remove();
  }, [recording]);
  return <div className="jp-recorded" ref={host} role="img" aria-label="Recorded picture of the tested page" />;
}

/** The end of a run that was over before this viewer came. */
function LastStep() {
  const ended = usePlayerState((state) => state.run !== null && isFinal(state.run.status) && state.size === null);
  const url = usePlayerState((state) => state.run?.steps.findLast((step) => step.screenshotUrl)?.screenshotUrl ?? null);
  if (!ended || url === null) return null;
  return <RunPicture key={url} className="jp-last" url={url} alt="The page at the end" />;
}

/** Where the next step will act. */
function ProposalBox() {
  const proposal = usePlayerState((state) => state.run?.proposal ?? null);
  if (!proposal?.box || !proposal.viewport) return null;
  return <PictureBox box={proposal.box} viewport={proposal.viewport} label={`Next: ${proposal.description}`} />;
}

/** Where the element is that was picked for a failed call or a comment. */
function PickedBox() {
  const picked = usePlayerState((state) => state.picked);
  if (!picked?.box || !picked.viewport) return null;
  return <PictureBox box={picked.box} viewport={picked.viewport} label={`Picked: ${picked.name || picked.selector}`} />;
}
