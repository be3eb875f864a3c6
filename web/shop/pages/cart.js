import { bySlug, money } from "./products.js";
import { element } from "./shop.js";
import { cart, discounted, remove, renamed, scan } from "./store.js";
import { showTotals } from "./summary.js";

const $ = (selector) => document.querySelector(selector);

function line({ slug, colour, quantity }, index) {
  const product = bySlug(slug);
  const away = element("button", { class: "link", type: "button", "aria-label": `Remove ${product.name}`, text: "Remove" });
  away.addEventListener("click", () => {
    if (confirm(`Remove ${product.name} from your cart?`)) remove(index);
  });
  return element("li", { class: "line" },
    element("img", { src: `/assets/art/${slug}.svg`, alt: "" }),
    element("div", {}, element("h2", { text: product.name }), element("p", { class: "soft", text: `${colour} · ${quantity} ×` }), away),
    element("p", { class: "price", text: money(product.price * quantity) }));
}

function show() {
  const lines = cart();
  $("#empty").hidden = lines.length > 0;
  $("#full").hidden = lines.length === 0;
  $(".lines").replaceChildren(...lines.map(line));
  showTotals($(".totals"));
  if (discounted()) {
    $(".gate").classList.add("done");
    $(".scanner").textContent = "10\u00a0% off. Good flight!";
  }
}

/** Pointer events and not the browser's own drag and drop: that would be drawn outside of the page's picture. */
function makeDraggable(pass) {
  let from = null;
  const move = (event) => {
    if (from === null) return;
    const room = $(".gate").clientWidth - pass.offsetWidth - 24;
    const moved = Math.max(0, Math.min(room, event.clientX - from));
    pass.style.translate = `${moved}px`;
    if (moved > room - 60) scan();
  };
  pass.addEventListener("pointerdown", (event) => {
    from = event.clientX;
    pass.setPointerCapture(event.pointerId);
  });
  pass.addEventListener("pointermove", move);
  pass.addEventListener("pointerup", (event) => {
    move(event);
    from = null;
    pass.style.translate = "0px";
  });
}

if (renamed()) $("#checkout").textContent = "Proceed to payment";
makeDraggable($(".pass"));
document.addEventListener("shop:changed", show);
show();
