import { BrowserBar } from "./BrowserBar";
import { ControlBar, type Shown } from "./ControlBar";
import { usePlayer, usePlayerState } from "./context";
import { DialogPanel } from "./DialogPanel";
import { KeysDialog } from "./KeysDialog";
import { Notices } from "./Notices";
import { ProposalCard } from "./ProposalCard";
import { RewindBar } from "./RewindBar";
import { Scrubber } from "./Scrubber";
import { ShareDialog } from "./ShareDialog";
import { SidePanel } from "./SidePanel";
import { Stage } from "./Stage";
import { Outcome } from "./StageMessage";
import { useShortcuts } from "./shortcuts";
import { TestStrip } from "./TestStrip";
import { TopStrip } from "./TopStrip";
import { WaitingNote } from "./WaitingNote";

export function PlayerLayout({ shown, shortcuts }: { shown: Shown; shortcuts: "player" | "page" }) {
  const { ui } = usePlayer();
  const fatal = usePlayerState((state) => state.fatal);
  useShortcuts(shortcuts);
  if (fatal !== null) return <Fatal {...fatal} />;
  return (
    <div className="jp-layout">
      <div className="jp-main">
        <TopStrip />
        <BrowserBar />
        <TestStrip />
        <Stage />
        <Outcome />
        <RewindBar />
        <Scrubber />
        <ControlBar shown={shown} />
      </div>
      <aside className="jp-side" aria-label="Run">
        <div className="jp-cards">
          <DialogPanel />
          <ProposalCard />
          <WaitingNote />
        </div>
        <SidePanel />
      </aside>
      {ui.sharing && <ShareDialog />}
      {ui.keys && <KeysDialog />}
      <Notices />
    </div>
  );
}

const FATAL_TITLES: Record<number | string, string> = {
  origin: "This page may not show the run",
  link_revoked: "This link has been revoked",
  link_expired: "This link has expired",
  401: "This link is not valid any more",
  403: "You may not see this run",
  404: "There is no such run",
};

function Fatal({ status, code, text }: { status: number; code: string | null; text: string }) {
  return (
    <div className="jp-fatal" role="alert">
      <h2>{FATAL_TITLES[code ?? ""] ?? FATAL_TITLES[status] ?? "The run cannot be shown"}</h2>
      <p>{text}</p>
    </div>
  );
}
