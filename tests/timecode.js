/**
 * The time in ms since 1970 that is painted in a picture of the shop's `/timecode.html`, or null where no whole code
 * can be read. `pixels` is RGBA as a canvas gives it, or a luma plane with `stride` bytes a row and `step` 1;
 * `pageWidth` is the viewport's width in CSS pixels. The layout is documented in the page's `timecode.js`.
 */
globalThis.readTimecode = (pixels, width, height, { pageWidth = 1280, step = 4, stride = width * step } = {}) => {
  const side = (40 * width) / pageWidth;
  if (height < 4 * side) return null;
  const level = (at) => {
    const left = Math.floor(((at % 16) + 0.25) * side);
    const top = Math.floor((Math.floor(at / 16) + 0.25) * side);
    const size = Math.max(1, Math.floor(side / 2));
    let sum = 0;
    for (let y = top; y < top + size; y += 1) {
      for (let x = left; x < left + size; x += 1) sum += pixels[y * stride + x * step + (step > 1 ? 1 : 0)];
    }
    return sum / size ** 2;
  };
  const levels = Array.from({ length: 64 }, (_, at) => level(at));
  const white = Math.min(levels[56], levels[58], levels[60], levels[62]);
  const black = Math.max(levels[57], levels[59], levels[61], levels[63]);
  if (white - black < 64) return null;
  const bits = levels.map((value) => (value > (white + black) / 2 ? 1 : 0));
  const number = (from, to) => bits.slice(from, to).reduce((value, bit) => value * 2 + bit, 0);
  const crc = bits.slice(0, 48).reduce((sum, bit) => ((sum << 1) & 0xff) ^ ((sum >> 7) ^ bit ? 0x07 : 0), 0);
  return crc === number(48, 56) ? number(0, 48) : null;
};
