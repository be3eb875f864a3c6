/** What every page has: the header with its menu, the moving sky, and the number of things in the cart. */
import { GROUPS } from "./products.js";
import { fly } from "./sky.js";
import { count, renamed } from "./store.js";

/** Makes an element from `attributes` (`text` sets its text) and children; strings are never read as markup. */
export function element(tag, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

function header() {
  const links = Object.entries(GROUPS).map(([group, title]) =>
    element("li", {}, element("a", { href: `/?group=${group}`, text: title })));
  const menu = element("div", { class: "menu" },
    element("button", { type: "button", "aria-haspopup": "true", text: "Collections" }),
    element("ul", { class: "menu-list" }, ...links));
  const brand = element("a", { class: "brand", href: "/" },
    element("img", { src: "/assets/art/brand.svg", alt: "", width: 30, height: 30 }), "Layover");
  const nav = element("nav", { class: "nav", "aria-label": "Shop" }, element("a", { href: "/", text: "All goods" }), menu);
  const cartLink = element("a", { class: "cart-link", href: "/cart" }, "Cart", element("span", { class: "cart-count" }));
  return element("header", { class: "top" }, element("div", { class: "wrap" }, brand, nav, cartLink));
}

function showCount() {
  document.querySelector(".cart-count").textContent = count();
}

document.body.prepend(header());
document.addEventListener("shop:changed", showCount);
showCount();
renamed();
fly(document.querySelector(".sky canvas"));
