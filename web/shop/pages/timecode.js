/**
 * Paints the time in ms since 1970 as black and white blocks, for tests that read it from the received picture.
 *
 * 16 columns x 4 rows of 40 x 40 CSS pixels, from the top left corner of the viewport; white is 1, black is 0:
 *
 *   rows 0 to 2   the 48 bits of the time, most significant first, left to right, top to bottom
 *   row 3         8 check bits, most significant first: CRC-8 (polynomial 0x07, starting at 0) of the time's six
 *                 bytes; then the 8 bits 1 0 1 0 1 0 1 0, from which a reader learns what black and white are
 *
 * `?fps=20` paints that often at most (1 to 60; 0 paints once: a still page); `?scroll=1` also scrolls a long text by
 * a few pixels with every paint. The lamp (160 x 160 at 720,0) turns from black to white and back when it is pressed:
 * the answer to "when does a click reach the picture". Readers: `tests/timecode.py`, `tests/timecode.js`.
 */
const COLUMNS = 16;
const BLOCK = 40;
const KNOWN = [1, 0, 1, 0, 1, 0, 1, 0];

const query = new URLSearchParams(location.search);
const fps = Number(query.get("fps") ?? 20);
const scrolls = query.get("scroll") === "1";
const pen = document.querySelector("#code").getContext("2d", { alpha: false });
const time = document.querySelector("#time");
const text = document.querySelector("#text");

const bitsOf = (value, width) => Array.from({ length: width }, (_, at) => Math.floor(value / 2 ** (width - 1 - at)) % 2);

function check(bits) {
  return bits.reduce((crc, bit) => {
    const carry = (crc >> 7) ^ bit;
    return ((crc << 1) & 0xff) ^ (carry ? 0x07 : 0);
  }, 0);
}

function paint(now) {
  const data = bitsOf(now, 48);
  [...data, ...bitsOf(check(data), 8), ...KNOWN].forEach((bit, at) => {
    pen.fillStyle = bit ? "#fff" : "#000";
    pen.fillRect((at % COLUMNS) * BLOCK, Math.floor(at / COLUMNS) * BLOCK, BLOCK, BLOCK);
  });
  time.textContent = String(now);
  if (scrolls) scrollTo(0, (scrollY + 4) % (text.scrollHeight - innerHeight));
}

function show() {
  paint(Date.now());
  if (fps > 0) setTimeout(() => requestAnimationFrame(show), 1000 / fps);
}

function fill() {
  const line = "The quick brown fox jumps over the lazy dog while the five boxing wizards jump quickly.";
  text.hidden = false;
  text.append(...Array.from({ length: 400 }, (_, at) => Object.assign(document.createElement("div"), { textContent: `${at + 1}. ${line}` })));
}

document.querySelector("#lamp").addEventListener("pointerdown", ({ currentTarget: lamp }) => {
  lamp.setAttribute("aria-pressed", String(lamp.getAttribute("aria-pressed") !== "true"));
});
if (scrolls) fill();
requestAnimationFrame(show);
