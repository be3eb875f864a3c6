import { type MouseEvent, useEffect, useRef } from "react";
import { isOnPicture, toPicture } from "../media/geometry";
import { decodedSize } from "../media/surface";
import { usePlayer } from "./context";

/** One click in the picture asks the server which element is there. */
export function PickLayer() {
  const { session, actions, setUi } = usePlayer();
  const layer = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    layer.current?.focus({ preventScroll: true });
    showAll(layer.current);
  }, []);
  const pick = (event: MouseEvent<HTMLButtonElement>) => {
    const view = session.surface.view;
    const box = event.currentTarget.getBoundingClientRect();
    const point = { x: event.clientX, y: event.clientY };
    if (view === null || !isOnPicture(point, box, decodedSize(view))) return;
    const size = decodedSize(view);
    const at = toPicture(point, box, size);
    if (at !== null) actions.send({ type: "pick", x: Math.round(at.x), y: Math.round(at.y), ...size });
    setUi({ picking: false });
  };
  return (
    <button
      type="button"
      ref={layer}
      className="jp-pick"
      aria-label="Click the element in the picture; Escape ends picking"
      onClick={pick}
      onKeyDown={(event) => event.key === "Escape" && setUi({ picking: false })}
    >
      <span>
        Click the element to use<span className="jp-keys"> · Esc to stop</span>
      </span>
    </button>
  );
}

/** Where the player scrolls by itself, such as on a phone, brings the picture back into view that one has scrolled past. */
function showAll(layer: HTMLElement | null): void {
  const layout = layer?.closest(".jp-layout");
  if (!layer || !layout) return;
  const above = layer.getBoundingClientRect().top - layout.getBoundingClientRect().top;
  if (above < 0) layout.scrollBy({ top: above });
}
