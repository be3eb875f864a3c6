import { type CSSProperties, useEffect, useRef } from "react";
import { toFractions } from "../media/geometry";
import type { Box, Size } from "../protocol/types";
import { holdsControl } from "../store/state";
import { usePlayer, usePlayerState } from "./context";
import { InputLayer } from "./InputLayer";
import { PickLayer } from "./PickLayer";
import { ReplayPicture } from "./ReplayPicture";
import { StageBadges, StageMessage } from "./StageStatus";

const DEFAULT_SIZE: Size = { width: 1280, height: 720 };

/** The picture and everything that is drawn on it. */
export function Stage() {
  const { ui } = usePlayer();
  const size = usePlayerState((state) => state.size) ?? DEFAULT_SIZE;
  const holding = usePlayerState(holdsControl);
  const holder = usePlayerState((state) => state.run?.control.holder ?? null);
  const isLive = ui.replayStep === null;
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
          {isLive && <ProposalBox />}
          {isLive && ui.picking && <PickLayer />}
          {isLive && holding && !ui.picking && <InputLayer />}
          {!isLive && <ReplayPicture />}
        </div>
      </div>
      <StageMessage />
      <StageBadges />
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

/** Where the next step will act. */
function ProposalBox() {
  const proposal = usePlayerState((state) => state.run?.proposal ?? null);
  if (!proposal?.box || !proposal.viewport) return null;
  return <PictureBox box={proposal.box} viewport={proposal.viewport} label={`Next: ${proposal.description}`} />;
}

export function PictureBox({ box, viewport, label }: { box: Box; viewport: Size; label: string }) {
  const part = toFractions(box, viewport);
  if (part === null) return null;
  const percent = (value: number) => `${value * 100}%`;
  const place = {
    left: percent(part.x),
    top: percent(part.y),
    width: percent(part.width),
    height: percent(part.height),
  };
  return (
    <div className="jp-box" style={place} data-below={part.y < 0.08 || undefined}>
      <span className="jp-box-label">{label}</span>
    </div>
  );
}
