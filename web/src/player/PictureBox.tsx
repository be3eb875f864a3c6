import type { ReactNode } from "react";
import { toFractions } from "../media/geometry";
import type { Box, Size } from "../protocol/types";

/** A part of the picture, framed and named. */
export function PictureBox({ box, viewport, label }: { box: Box; viewport: Size; label: ReactNode }) {
  const part = toFractions(box, viewport);
  if (part === null) return null;
  const percent = (value: number) => `${value * 100}%`;
  const place = {
    left: percent(part.x),
    top: percent(part.y),
    width: percent(part.width),
    height: percent(part.height),
  };
  const isRight = part.x + part.width / 2 > 0.5;
  const room = { maxWidth: `calc(${(isRight ? part.x + part.width : 1 - part.x) * 100}cqw - 6px)` };
  return (
    <div className="jp-box" style={place} data-below={part.y < 0.08 || undefined} data-right={isRight || undefined}>
      <span className="jp-box-label" style={room}>
        {label}
      </span>
    </div>
  );
}
