import { type KeyboardEvent, useEffect, useId, useRef } from "react";
import { isAttached } from "./attached";
import { CommentsPanel } from "./CommentsPanel";
import { type Panel, useMaySteer, usePlayer, usePlayerState } from "./context";
import { Icon, type IconName } from "./Icon";
import { InstructionEditor } from "./InstructionEditor";
import { OverrideForm } from "./OverrideForm";
import { PagePanel } from "./PagePanel";
import { StatsPanel } from "./StatsPanel";
import { StepList } from "./StepList";

const PANELS: { id: Panel; label: string; icon?: IconName; steering?: true; ofOwnRuns?: true }[] = [
  { id: "steps", label: "Steps" },
  { id: "instructions", label: "Instructions", ofOwnRuns: true },
  { id: "override", label: "Override", steering: true },
  { id: "page", label: "Page" },
  { id: "comments", label: "Comments", icon: "comment" },
  { id: "stats", label: "Stats", icon: "stats" },
];

export function SidePanel() {
  const { ui, setUi } = usePlayer();
  const maySteer = useMaySteer();
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  useScrollToPanel(box, ui.panel);
  const attached = usePlayerState(({ run }) => isAttached(run));
  const panels = PANELS.filter(({ steering, ofOwnRuns }) => (maySteer || !steering) && !(attached && ofOwnRuns));
  const pageErrors = usePlayerState(({ pageNews }) => pageNews.errors);
  const comments = usePlayerState(({ run }) => run?.comments?.length ?? 0);
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    event.stopPropagation();
    const at = panels.findIndex((panel) => panel.id === ui.panel);
    const to = panels[(at + by + panels.length) % panels.length];
    if (to === undefined) return;
    setUi({ panel: to.id });
    event.currentTarget.querySelector<HTMLElement>(`[data-panel="${to.id}"]`)?.focus();
  };
  return (
    <div className="jp-panels" ref={box}>
      <div className="jp-tabs" role="tablist" aria-label="Run details" onKeyDown={onKeyDown}>
        {panels.map((panel) => (
          <button
            key={panel.id}
            type="button"
            role="tab"
            id={`${id}-${panel.id}`}
            data-panel={panel.id}
            aria-selected={ui.panel === panel.id}
            aria-controls={`${id}-panel`}
            tabIndex={ui.panel === panel.id ? 0 : -1}
            title={panel.icon && panel.label}
            onClick={() => setUi({ panel: panel.id })}
          >
            {panel.icon ? <Icon name={panel.icon} /> : panel.label}
            {panel.icon && <span className="jp-sr">{panel.label}</span>}
            {panel.id === "comments" && comments > 0 && (
              <span className="jp-page-count" data-plain>
                {comments}
              </span>
            )}
            {panel.id === "page" && pageErrors > 0 && (
              <span className="jp-page-count">
                {pageErrors}
                <span className="jp-sr"> failures</span>
              </span>
            )}
          </button>
        ))}
      </div>
      <div className="jp-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${ui.panel}`} tabIndex={-1}>
        <PanelBody panel={ui.panel} />
      </div>
    </div>
  );
}

/** Where the player scrolls by itself, brings a panel into view that was chosen elsewhere than by its tab. */
function useScrollToPanel(box: { readonly current: HTMLElement | null }, panel: Panel): void {
  const shown = useRef(panel);
  useEffect(() => {
    if (shown.current === panel) return;
    shown.current = panel;
    const root = box.current?.getRootNode() as Document | ShadowRoot | undefined;
    if (box.current === null || box.current.contains(root?.activeElement ?? null)) return;
    const layout = box.current.closest(".jp-layout");
    const below = box.current.getBoundingClientRect().top - (layout?.getBoundingClientRect().top ?? 0);
    layout?.scrollBy({ top: below });
  }, [box, panel]);
}

function PanelBody({ panel }: { panel: Panel }) {
  if (panel === "instructions") return <InstructionEditor />;
  if (panel === "override") return <OverrideForm />;
  if (panel === "page") return <PagePanel />;
  if (panel === "comments") return <CommentsPanel />;
  if (panel === "stats") return <StatsPanel />;
  return <StepList />;
}
