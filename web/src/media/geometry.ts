import type { Box, Size } from "../protocol/types";

export interface Point {
  x: number;
  y: number;
}

/** Returns where a picture is drawn inside an element that shows it whole and centred (`object-fit: contain`). */
export function contained(element: Box, picture: Size): Box {
  const scale = Math.min(element.width / picture.width, element.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { x: element.x + (element.width - width) / 2, y: element.y + (element.height - height) / 2, width, height };
}

/** Returns the pixel of the decoded picture under a point of the screen; a point beside the picture gives the nearest edge. */
export function toPicture(point: Point, element: Box, picture: Size): Point | null {
  if (picture.width === 0 || picture.height === 0 || element.width === 0 || element.height === 0) return null;
  const drawn = contained(element, picture);
  return {
    x: clamp(((point.x - drawn.x) / drawn.width) * picture.width, picture.width - 1),
    y: clamp(((point.y - drawn.y) / drawn.height) * picture.height, picture.height - 1),
  };
}

/** True where the point is on the picture, not in the bars beside it. */
export function isOnPicture(point: Point, element: Box, picture: Size): boolean {
  const { x, y, width, height } = contained(element, picture);
  return point.x >= x && point.y >= y && point.x <= x + width && point.y <= y + height;
}

const clamp = (value: number, most: number): number => Math.min(Math.max(value, 0), most);

/** Returns a box of the page as fractions of the picture, cut to what can be seen; null where nothing of it can. */
export function toFractions(box: Box, viewport: Size): Box | null {
  const left = Math.max(0, box.x / viewport.width);
  const top = Math.max(0, box.y / viewport.height);
  const width = Math.min(1, (box.x + box.width) / viewport.width) - left;
  const height = Math.min(1, (box.y + box.height) / viewport.height) - top;
  return width > 0 && height > 0 ? { x: left, y: top, width, height } : null;
}
