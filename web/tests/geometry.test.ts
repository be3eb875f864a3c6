import { describe, expect, it } from "vitest";
import { contained, isOnPicture, toFractions, toPicture } from "../src/media/geometry";

const WIDE = { width: 1280, height: 720 };

describe("letterbox", () => {
  it("puts bars above and below a wide picture in a square", () => {
    expect(contained({ x: 10, y: 20, width: 640, height: 640 }, WIDE)).toEqual({
      x: 10,
      y: 160,
      width: 640,
      height: 360,
    });
  });

  it("puts bars beside a tall picture", () => {
    const tall = { width: 400, height: 800 };
    expect(contained({ x: 0, y: 0, width: 800, height: 400 }, tall)).toEqual({ x: 300, y: 0, width: 200, height: 400 });
  });

  it.each([
    [
      { x: 10, y: 160 },
      { x: 0, y: 0 },
    ],
    [
      { x: 650, y: 160 },
      { x: 1279, y: 0 },
    ],
    [
      { x: 10, y: 520 },
      { x: 0, y: 719 },
    ],
    [
      { x: 650, y: 520 },
      { x: 1279, y: 719 },
    ],
    [
      { x: 330, y: 340 },
      { x: 640, y: 360 },
    ],
  ])("maps the corner or centre %j to the pixel %j", (point, pixel) => {
    const element = { x: 10, y: 20, width: 640, height: 640 };
    expect(toPicture(point, element, WIDE)).toEqual(pixel);
    expect(isOnPicture(point, element, WIDE)).toBe(true);
  });

  it("moves a point in the bars to the edge, and knows that it is not on the picture", () => {
    const element = { x: 0, y: 0, width: 640, height: 640 };
    expect(toPicture({ x: 320, y: 5 }, element, WIDE)).toEqual({ x: 640, y: 0 });
    expect(isOnPicture({ x: 320, y: 5 }, element, WIDE)).toBe(false);
  });

  it("maps nothing while there is no picture", () => {
    expect(toPicture({ x: 1, y: 1 }, { x: 0, y: 0, width: 10, height: 10 }, { width: 0, height: 0 })).toBeNull();
    expect(toPicture({ x: 1, y: 1 }, { x: 0, y: 0, width: 0, height: 10 }, WIDE)).toBeNull();
  });
});

describe("boxes of the page", () => {
  it("scale by the viewport, not by the picture", () => {
    const box = { x: 640, y: 180, width: 320, height: 90 };
    expect(toFractions(box, WIDE)).toEqual({ x: 0.5, y: 0.25, width: 0.25, height: 0.125 });
  });

  it("are cut to what can be seen", () => {
    const cut = toFractions({ x: -128, y: 648, width: 256, height: 144 }, WIDE);
    expect(cut?.x).toBe(0);
    expect(cut?.width).toBeCloseTo(0.1);
    expect(cut?.height).toBeCloseTo(0.1);
    expect(toFractions({ x: 0, y: 900, width: 10, height: 10 }, WIDE)).toBeNull();
  });
});
