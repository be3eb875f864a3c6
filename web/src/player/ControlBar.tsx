import { isFinal } from "../protocol/types";
import { failedStep, holdsControl, whoHasControl } from "../store/state";
import { Button } from "./Button";
import { ConfirmButton } from "./ConfirmButton";
import { useMaySteer, usePlayer, usePlayerState } from "./context";
import { outcomeName } from "./format";
import { Icon } from "./Icon";
import { toggleFullScreen, togglePictureInPicture } from "./view";

/** What the embedding page says instead of the server. */
export interface Shown {
  isPaused: boolean | undefined;
  currentStep: number | undefined;
  totalSteps: number | undefined;
}

/** Pause, step, take control, view: always in the same place under the picture. */
export function ControlBar({ shown }: { shown: Shown }) {
  const maySteer = useMaySteer();
  const ended = usePlayerState((state) => state.run !== null && isFinal(state.run.status));
  return (
    <div className="jp-bar" role="toolbar" aria-label="Run and view">
      {maySteer && !ended && <RunButtons isPaused={shown.isPaused} />}
      <RunState shown={shown} />
      <span className="jp-gap" />
      {maySteer && !ended && <TakeControl />}
      <ViewButtons />
    </div>
  );
}

function RunButtons({ isPaused }: { isPaused: boolean | undefined }) {
  const { actions } = usePlayer();
  const paused = usePlayerState((state) => state.run?.paused ?? false);
  const known = usePlayerState((state) => state.run !== null);
  const pending = usePlayerState((state) => state.pending);
  const waiting = (...types: string[]) => Object.values(pending).some((type) => types.includes(type));
  const busy = !known || waiting("pause", "resume");
  // The run goes on when control is released, and not before.
  const holder = usePlayerState(whoHasControl);
  const held = holder === null ? {} : { disabled: true, title: `${holder}: the run goes on once it is released` };
  return (
    <div className="jp-group">
      {(isPaused ?? paused) ? (
        <Button
          icon="play"
          label="Resume"
          tone="primary"
          hotkey="Space"
          disabled={busy}
          onClick={() => void actions.resume()}
          {...held}
        />
      ) : (
        <Button
          icon="pause"
          label="Pause"
          tone="primary"
          hotkey="Space"
          disabled={busy}
          onClick={() => void actions.pause()}
          {...held}
        />
      )}
      <Button
        icon="step"
        label="Step"
        aria-label="Step"
        hotkey="."
        disabled={!known || waiting("step")}
        onClick={() => actions.send({ type: "step" })}
        {...held}
      />
      <CancelButton disabled={!known || waiting("cancel")} />
    </div>
  );
}

function CancelButton({ disabled }: { disabled: boolean }) {
  const { actions } = usePlayer();
  const cancel = () => actions.send({ type: "cancel" });
  return (
    <ConfirmButton
      icon="stop"
      label="Cancel run"
      question="Really cancel?"
      iconOnly
      disabled={disabled}
      onConfirm={cancel}
    />
  );
}

function RunState({ shown }: { shown: Shown }) {
  const status = usePlayerState((state) => state.run?.status ?? null);
  const failedSteps = usePlayerState((state) => state.run?.failedSteps ?? 0);
  const current = usePlayerState((state) => state.run?.currentStep ?? 0);
  const total = usePlayerState((state) => state.run?.totalSteps ?? null);
  const viewers = usePlayerState((state) => state.run?.viewers ?? 0);
  if (status === null) return null;
  const steps = shown.totalSteps ?? total;
  return (
    <div className="jp-state">
      <span className="jp-status" data-status={status} data-mended={failedSteps > 0} role="status">
        {outcomeName(status, failedSteps)}
      </span>
      <span className="jp-dim">
        Step {shown.currentStep ?? current}
        {steps ? ` of ${steps}` : ""}
      </span>
      <Watchers count={viewers} />
    </div>
  );
}

/** How many people watch, and who they are. */
function Watchers({ count }: { count: number }) {
  const me = usePlayerState((state) => state.viewerId);
  const watchers = usePlayerState((state) => state.run?.watchers);
  return (
    <details className="jp-watchers">
      <summary className="jp-dim jp-viewers" title={`${count} watching`}>
        <Icon name="eye" />
        <span className="jp-sr">Watching: </span>
        {count}
      </summary>
      <ul aria-label="Who is watching">
        {(watchers ?? []).map(({ viewerId, name, role }) => (
          <li key={viewerId}>
            {name}
            <span className="jp-dim">{viewerId === me ? " (you)" : role === "viewer" ? "" : ` (${role})`}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

const NOBODY: never[] = [];

function TakeControl() {
  const { actions } = usePlayer();
  const role = usePlayerState((state) => state.role);
  const holder = usePlayerState((state) => state.run?.control.holder ?? null);
  const mine = usePlayerState(holdsControl);
  const busy = usePlayerState((state) => Object.values(state.pending).some((type) => type.endsWith("_control")));
  const failed = usePlayerState(failedStep);
  if (mine) {
    return (
      <div className="jp-group jp-wrap">
        <CurtainButton />
        <HandOver disabled={busy} />
        {failed === null ? <Release disabled={busy} /> : <ReleaseAfterFailure disabled={busy} />}
      </div>
    );
  }
  if (holder !== null && role === "owner") {
    const force = () => actions.send({ type: "take_control", force: true });
    const question = `Take it from ${holder.name}?`;
    return <ConfirmButton icon="hand" label="Take control" question={question} disabled={busy} onConfirm={force} />;
  }
  if (holder !== null && role === "controller") return <AskForControl holder={holder.name} disabled={busy} />;
  const take = () => actions.send({ type: "take_control" });
  const held = holder === null ? {} : { disabled: true, title: `${holder.name} has control` };
  return <Button icon="hand" label="Take control" hotkey="T" disabled={busy} onClick={take} {...held} />;
}

/** Keeps everybody else from seeing the page, while the holder types what is not for them. */
function CurtainButton() {
  const { actions } = usePlayer();
  const closed = usePlayerState((state) => state.run?.curtain.closedBy != null);
  const busy = usePlayerState((state) => Object.values(state.pending).includes("set_curtain"));
  return (
    <Button
      icon={closed ? "eye" : "hidden"}
      label={closed ? "Show to viewers" : "Hide from viewers"}
      title={
        closed ? "Others see a still picture" : "Others see a still picture, until you show the page or release control"
      }
      tone={closed ? "primary" : "plain"}
      disabled={busy}
      onClick={() => actions.send({ type: "set_curtain", closed: !closed })}
    />
  );
}

/** Passwords, and fields that a secret was filled into, are covered for everybody; the owner alone may lift that. */
function CoversButton() {
  const { actions } = usePlayer();
  const lifted = usePlayerState((state) => state.run?.curtain.liftedBy != null);
  const busy = usePlayerState((state) => Object.values(state.pending).includes("lift_covers"));
  const send = () => actions.send({ type: "lift_covers", lifted: !lifted });
  if (lifted) return <Button icon="hidden" label="Cover again" tone="primary" disabled={busy} onClick={send} />;
  return (
    <ConfirmButton
      icon="uncover"
      label="Show covered fields"
      question="Show them to everybody?"
      iconOnly
      disabled={busy}
      onConfirm={send}
    />
  );
}

function AskForControl({ holder, disabled }: { holder: string; disabled: boolean }) {
  const { actions } = usePlayer();
  const asked = usePlayerState(({ run, viewerId }) =>
    run?.control.requests?.some((each) => each.viewerId === viewerId),
  );
  return (
    <Button
      icon="hand"
      label={asked ? "Asked for control" : "Ask for control"}
      hotkey="T"
      title={asked ? `${holder} sees that you ask` : `${holder} has control`}
      disabled={disabled || asked}
      onClick={() => actions.send({ type: "request_control" })}
    />
  );
}

function Release({ disabled }: { disabled: boolean }) {
  const { actions } = usePlayer();
  return (
    <Button
      icon="hand"
      label="Release control"
      tone="primary"
      hotkey="T"
      disabled={disabled}
      onClick={() => actions.send({ type: "release_control" })}
      data-release
    />
  );
}

/** Asks what becomes of the step that has failed. */
function ReleaseAfterFailure({ disabled }: { disabled: boolean }) {
  const { actions } = usePlayer();
  const release = (failedStep: "retry" | "done") => () => actions.send({ type: "release_control", failedStep });
  return (
    <fieldset className="jp-group jp-wrap jp-release">
      <legend>Release control, and</legend>
      <Button
        icon="again"
        label="Try the step again"
        tone="primary"
        hotkey="T"
        disabled={disabled}
        onClick={release("retry")}
        data-release
      />
      <Button icon="check" label="I did it" disabled={disabled} onClick={release("done")} />
    </fieldset>
  );
}

/** One button for each of the others who may steer; those who ask for control come first. */
function HandOver({ disabled }: { disabled: boolean }) {
  const { actions } = usePlayer();
  const me = usePlayerState((state) => state.viewerId);
  const controllers = usePlayerState((state) => state.run?.controllers);
  const requests = usePlayerState((state) => state.run?.control.requests ?? NOBODY);
  const isAsking = (viewerId: string) => requests.some((each) => each.viewerId === viewerId);
  const others = (controllers ?? []).filter(({ viewerId }) => viewerId !== me);
  const names = requests.map(({ name }) => name).join(", ");
  return (
    <>
      <span className="jp-asks" role="status">
        {names && `${names} ${requests.length === 1 ? "asks" : "ask"} for control`}
      </span>
      {others
        .toSorted((a, b) => Number(isAsking(b.viewerId)) - Number(isAsking(a.viewerId)))
        .map(({ viewerId, name }) => (
          <Button
            key={viewerId}
            label={`Hand to ${name}`}
            tone={isAsking(viewerId) ? "primary" : "plain"}
            disabled={disabled}
            onClick={() => actions.send({ type: "release_control", to: viewerId })}
          />
        ))}
    </>
  );
}

function ViewButtons() {
  const { session, root, ui, setUi } = usePlayer();
  const maySteer = useMaySteer();
  const owner = usePlayerState((state) => state.role === "owner");
  const ended = usePlayerState((state) => state.run === null || isFinal(state.run.status));
  const isVideo = usePlayerState((state) => state.media.transport === "whep" || state.media.transport === "livekit");
  const hasPip = isVideo && document.pictureInPictureEnabled;
  return (
    <div className="jp-group">
      {maySteer && owner && !ended && <CoversButton />}
      {owner && <Button icon="share" label="Share" iconOnly onClick={() => setUi({ sharing: true })} />}
      <Button
        icon={ui.actualSize ? "fit" : "zoom"}
        label={ui.actualSize ? "Fit the picture" : "Show at 100 %"}
        iconOnly
        onClick={() => setUi({ actualSize: !ui.actualSize })}
      />
      {hasPip && (
        <Button
          icon="pip"
          label="Picture in picture"
          iconOnly
          onClick={() => void togglePictureInPicture(session.surface.view)}
        />
      )}
      <Button icon="full" label="Full screen" iconOnly hotkey="F" onClick={() => void toggleFullScreen(root.current)} />
    </div>
  );
}
