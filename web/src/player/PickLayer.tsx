import { type MouseEvent, useEffect, useRef, useState } from "react";
import { isOnPicture, toPicture } from "../media/geometry";
import { decodedSize } from "../media/surface";
import type { Picked } from "../protocol/types";
import type { PlayerSession } from "../session";
import { type PickAs, usePlayer } from "./context";
import { Icon } from "./Icon";
import { PictureBox } from "./PictureBox";
import { PickPreview, type PicturePoint } from "./preview";

/** Outlines the element under the pointer; one click in the picture picks it. */
export function PickLayer() {
  const { session, actions, ui, setUi } = usePlayer();
  const layer = useRef<HTMLButtonElement>(null);
  const [seen, preview] = usePreview(session);
  useEffect(() => {
    layer.current?.focus({ preventScroll: true });
    showAll(layer.current);
  }, []);
  const stop = () => setUi({ picking: false });
  const pick = (event: MouseEvent<HTMLButtonElement>) => {
    const at = pointOf(event, session);
    if (at === null) return;
    actions.send({ type: "pick", ...at });
    stop();
  };
  const follow = (event: MouseEvent<HTMLButtonElement>) => {
    const at = pointOf(event, session);
    if (at === null) preview.leave();
    else preview.point(at);
  };
  return (
    <>
      <button
        type="button"
        ref={layer}
        className="jp-pick"
        aria-label="Click the element in the picture; Escape ends picking"
        onClick={pick}
        onPointerMove={(event) => event.pointerType !== "touch" && follow(event)}
        onPointerLeave={() => preview.leave()}
        onKeyDown={(event) => event.key === "Escape" && stop()}
      >
        {ui.pickFor !== "form" && (
          <span className="jp-pick-hint">
            Click the element to use<span className="jp-keys"> · Esc to stop</span>
          </span>
        )}
      </button>
      {seen?.box && seen.viewport && (
        <PictureBox box={seen.box} viewport={seen.viewport} label={<SeenLabel seen={seen} />} />
      )}
      {ui.pickFor === "form" && <PickChoices onStop={stop} />}
    </>
  );
}

function SeenLabel({ seen }: { seen: Picked }) {
  return (
    <>
      <code>{seen.locators?.typescript ?? seen.locators?.python ?? seen.selector}</code>
      <span>
        matches {seen.place} of {seen.matches}
      </span>
    </>
  );
}

const CHOICES: Record<PickAs, { label: string; title: string }> = {
  element: { label: "Element", title: "Use the element" },
  text: { label: "Expect text", title: "Expect the text that it shows now" },
  visible: { label: "Expect visible", title: "Expect that it can be seen" },
  value: { label: "Expect value", title: "Expect what the field holds now" },
};

/** What the click is for: the element, or an expectation that is made of it. */
function PickChoices({ onStop }: { onStop(): void }) {
  const { ui, setUi } = usePlayer();
  return (
    <fieldset className="jp-pick-choices" aria-label="What to pick">
      {Object.entries(CHOICES).map(([choice, { label, title }]) => (
        <button
          key={choice}
          type="button"
          aria-pressed={ui.pickAs === choice}
          title={title}
          onClick={() => setUi({ pickAs: choice as PickAs })}
          onKeyDown={(event) => event.key === "Escape" && onStop()}
        >
          {label}
        </button>
      ))}
      <button type="button" title="Stop picking (Esc)" onClick={onStop}>
        <Icon name="cross" />
        <span className="jp-sr">Stop</span>
      </button>
    </fieldset>
  );
}

/** What is under the pointer as far as the server has said, and where to tell of the pointer. */
function usePreview(session: PlayerSession): [Picked | null, PickPreview] {
  const [seen, setSeen] = useState<Picked | null>(null);
  const [preview] = useState(
    () =>
      new PickPreview({
        ask: async (at) => {
          const reply = await session.link.request({ type: "pick", ...at, preview: true });
          return reply.type === "picked" ? reply : null;
        },
        onPicked: setSeen,
      }),
  );
  useEffect(() => () => preview.close(), [preview]);
  return [seen, preview];
}

function pointOf(event: MouseEvent<HTMLElement>, session: PlayerSession): PicturePoint | null {
  const view = session.surface.view;
  const box = event.currentTarget.getBoundingClientRect();
  const point = { x: event.clientX, y: event.clientY };
  if (view === null || !isOnPicture(point, box, decodedSize(view))) return null;
  const size = decodedSize(view);
  const at = toPicture(point, box, size);
  return at && { x: Math.round(at.x), y: Math.round(at.y), ...size };
}

/** Where the player scrolls by itself, such as on a phone, brings the picture back into view that one has scrolled past. */
function showAll(layer: HTMLElement | null): void {
  const layout = layer?.closest(".jp-layout");
  if (!layer || !layout) return;
  const above = layer.getBoundingClientRect().top - layout.getBoundingClientRect().top;
  if (above < 0) layout.scrollBy({ top: above });
}
