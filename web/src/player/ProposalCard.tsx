import { useEffect, useState } from "react";
import type { Proposal } from "../protocol/types";
import { approvalOf, type Help, holdsControl, type PlayerState, whoHasControl } from "../store/state";
import { ActionForm } from "./ActionForm";
import { isAttached } from "./attached";
import { Button } from "./Button";
import { CopyLocator } from "./CopyLocator";
import { useMaySteer, usePlayer, usePlayerState } from "./context";
import { actionLine } from "./format";
import { Icon } from "./Icon";
import { OtherLocator } from "./OtherLocator";
import { SourcePlace } from "./SourcePlace";

/** What comes next, why, and what a person may do about it; or the call for help. */
export function ProposalCard() {
  const help = usePlayerState((state) => state.help);
  const proposal = usePlayerState((state) => state.run?.proposal ?? null);
  const waits = usePlayerState((state) => state.help === null && approvalOf(state) !== null);
  return (
    <>
      <p className="jp-sr" role="status">
        {waits && proposal !== null && `Waits for you: ${proposal.description}`}
      </p>
      {help !== null && <HelpCard help={help} />}
      {help === null && proposal !== null && <NextStep key={proposal.proposalId} proposal={proposal} />}
    </>
  );
}

const SOURCES = { plan: "Next step", override: "Next: your override", repair: "Suggested repair" } as const;

function NextStep({ proposal }: { proposal: Proposal }) {
  const { ui, setUi, actions } = usePlayer();
  const maySteer = useMaySteer();
  const waits = usePlayerState((state) => approvalOf(state) !== null);
  const isCall = proposal.action.type === "call";
  const edit = (editingProposal: boolean) => setUi({ editingProposal });
  return (
    <section className="jp-card" data-waits={waits || undefined} aria-label="Proposed step">
      <header>
        <h2>{proposal.place === "before" ? "Before the next step: your override" : SOURCES[proposal.source]}</h2>
        <span className="jp-dim">#{proposal.stepNumber}</span>
      </header>
      <p className="jp-card-title">{proposal.description}</p>
      {!isCall && <code>{actionLine(proposal.action)}</code>}
      {proposal.action.selector && <CopyLocator selector={proposal.action.selector} />}
      {proposal.location && <SourcePlace location={proposal.location} />}
      {proposal.reasoning && <p className="jp-dim">{proposal.reasoning}</p>}
      {maySteer && ui.editingProposal && !isCall && (
        <ActionForm
          initial={proposal.action}
          submitLabel="Do this instead"
          onSubmit={actions.override}
          onDone={() => edit(false)}
          onCancel={() => edit(false)}
        />
      )}
      {maySteer && !ui.editingProposal && waits && <ProposalButtons onEdit={isCall ? null : () => edit(true)} />}
    </section>
  );
}

/** `onEdit` is null for a call that can only be let through or skipped. */
function ProposalButtons({ onEdit }: { onEdit: (() => void) | null }) {
  const { actions, session } = usePlayer();
  const asks = usePlayerState((state) => approvalOf(state)?.type === "approve_step");
  const busy = usePlayerState((state) => Object.values(state.pending).some((type) => type.endsWith("_step")));
  const approve = () => {
    const approval = approvalOf(session.store.state);
    if (approval !== null) actions.send(approval);
  };
  return (
    <div className="jp-buttons">
      <Button
        icon="check"
        label={asks ? "Approve" : "Do it"}
        tone="primary"
        hotkey="A"
        disabled={busy}
        onClick={approve}
      />
      {onEdit && <Button icon="edit" label="Edit" hotkey="E" disabled={busy} onClick={onEdit} />}
      <Button icon="skip" label="Skip" hotkey="S" disabled={busy} onClick={() => actions.send({ type: "skip_step" })} />
    </div>
  );
}

function HelpCard({ help }: { help: Help }) {
  const { actions, setUi } = usePlayer();
  const maySteer = useMaySteer();
  const attached = usePlayerState(({ run }) => isAttached(run));
  const held = usePlayerState(({ run }) => run?.control.holder != null);
  const standing = usePlayerState(whyStanding);
  const busy = usePlayerState((state) => Object.values(state.pending).includes("resume"));
  return (
    <section className="jp-card" data-tone="help" aria-label="Help needed" role="alert">
      <header>
        <h2>
          <Icon name="warn" /> Help needed
        </h2>
        {standing === null && help.deadline && <Countdown deadline={help.deadline} />}
      </header>
      {standing !== null && <p className="jp-countdown">The time stands still while {standing}.</p>}
      <p className="jp-card-title">{help.reason}</p>
      {help.suggestions.length > 0 && (
        <ul className="jp-suggestions">
          {help.suggestions.map((each) => (
            <Suggestion key={each.proposalId} proposal={each} maySteer={maySteer && !held} />
          ))}
        </ul>
      )}
      {maySteer && !held && attached && <OtherLocator />}
      {maySteer && !held && (
        <div className="jp-buttons">
          <Button
            icon="again"
            label="Try again"
            tone="primary"
            hotkey="R"
            disabled={busy}
            onClick={() => void actions.resume()}
          />
          <Button icon="edit" label="Do something else" onClick={() => setUi({ panel: "override" })} />
          <Button icon="skip" label="Skip" hotkey="S" onClick={() => actions.send({ type: "skip_step" })} />
        </div>
      )}
    </section>
  );
}

function Suggestion({ proposal, maySteer }: { proposal: Proposal; maySteer: boolean }) {
  const { actions } = usePlayer();
  const { proposalId, action } = proposal;
  const isNext = usePlayerState((state) => state.run?.proposal?.proposalId === proposalId);
  const choose = () => actions.send(isNext ? { type: "approve_step", proposalId } : { type: "step_override", action });
  return (
    <li>
      <span>
        {proposal.description}
        <code>{actionLine(proposal.action)}</code>
        {action.selector && <CopyLocator selector={action.selector} />}
      </span>
      {maySteer && <Button label="Do this" onClick={choose} aria-label={`Do this: ${proposal.description}`} />}
    </li>
  );
}

/** Returns why the time does not run out now; null where it does. */
function whyStanding(state: PlayerState): string | null {
  const who = whoHasControl(state);
  if (who !== null) return holdsControl(state) ? "you have control" : who;
  return state.run?.paused ? "the run is paused" : null;
}

/** Shows the time left until the run gives up. */
export function Countdown({ deadline }: { deadline: string }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const left = Math.max(0, Math.round((Date.parse(deadline) - now) / 1000));
  return (
    <span className="jp-countdown">
      {left >= 60 ? `${Math.floor(left / 60)} min ${left % 60} s` : `${left} s`} left
    </span>
  );
}
