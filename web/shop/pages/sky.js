/** A sky that drifts by, so that a live picture of any page visibly moves. */
const FRAMES_PER_SECOND = 15; // each painted frame costs the browser a capture: enough to look alive, no more

const CLOUDS = [
  { x: 0.08, y: 0.3, size: 34, speed: 26 }, { x: 0.3, y: 0.72, size: 48, speed: 40 },
  { x: 0.52, y: 0.24, size: 26, speed: 20 }, { x: 0.7, y: 0.64, size: 40, speed: 34 },
  { x: 0.9, y: 0.4, size: 30, speed: 23 },
];

function paintAir(pen, width, height) {
  const air = pen.createLinearGradient(0, 0, width, height);
  air.addColorStop(0, "#1f2f66");
  air.addColorStop(0.55, "#3f6fb5");
  air.addColorStop(1, "#f2a27c");
  pen.fillStyle = air;
  pen.fillRect(0, 0, width, height);
}

function paintCloud(pen, x, y, size) {
  pen.fillStyle = "rgb(255 255 255 / 28%)";
  pen.beginPath();
  for (const [dx, dy, r] of [[0, 0, 0.6], [0.6, -0.25, 0.7], [1.3, 0, 0.55], [0.65, 0.15, 0.7]]) {
    pen.moveTo(x + dx * size + r * size, y + dy * size);
    pen.arc(x + dx * size, y + dy * size, r * size, 0, 7);
  }
  pen.fill();
}

function paintPlane(pen, x, y, size) {
  pen.save();
  pen.translate(x, y);
  pen.rotate(-0.06);
  pen.scale(size / 100, size / 100);
  pen.fillStyle = "#ffffff";
  pen.fill(new Path2D("M-52 2 C-50 -8 -30 -10 -8 -10 L38 -8 C50 -7 58 -2 58 2 C58 6 50 9 38 9 L-40 9 C-48 9 -53 7 -52 2Z"));
  pen.fillStyle = "#e8572e";
  pen.fill(new Path2D("M-50 0 L-66 -24 L-54 -24 L-34 -8Z"));
  pen.fillStyle = "#d5deee";
  pen.fill(new Path2D("M-4 2 L-30 34 L-18 34 L20 4Z M0 -9 L-16 -28 L-8 -28 L16 -9Z"));
  pen.fillStyle = "#1f2f66";
  for (let at = -26; at <= 34; at += 10) pen.fillRect(at, -4, 5, 4);
  pen.restore();
}

function paint(canvas, seconds) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d", { alpha: false });
  paintAir(pen, width, height);
  for (const cloud of CLOUDS) {
    const span = width + 6 * cloud.size;
    const x = (((cloud.x * span - cloud.speed * seconds) % span) + span) % span - 3 * cloud.size;
    paintCloud(pen, x, cloud.y * height, cloud.size);
  }
  const across = ((seconds / 11 + 0.45) % 1) * (width + 240) - 120;
  paintPlane(pen, across, 40 + Math.sin(seconds * 1.3) * 6, 66); // above the words of the tall sky
}

export function fly(canvas) {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const show = (now) => {
    paint(canvas, now / 1000);
    if (!still.matches) setTimeout(() => requestAnimationFrame(show), 1000 / FRAMES_PER_SECOND);
  };
  requestAnimationFrame(show);
}
