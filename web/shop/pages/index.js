import { GROUPS, PRODUCTS, money } from "./products.js";
import { element } from "./shop.js";

const query = new URLSearchParams(location.search);
const group = query.get("group");
const search = document.querySelector('[name="q"]');

function card(product) {
  return element("li", { class: "card" },
    element("img", { src: `/assets/art/${product.slug}.svg`, alt: "" }),
    element("div", { class: "card-text" },
      element("div", {},
        element("h2", {}, element("a", { href: `/products/${product.slug}`, text: product.name })),
        element("p", { class: "soft", text: product.line })),
      element("p", { class: "price", text: money(product.price) })));
}

function show() {
  const wanted = search.value.trim().toLowerCase();
  const found = PRODUCTS.filter((product) =>
    (!group || product.group === group) && `${product.name} ${product.line}`.toLowerCase().includes(wanted));
  document.querySelector(".grid").replaceChildren(...found.map(card));
  const title = GROUPS[group] ?? "All goods";
  document.querySelector("#shown").textContent = wanted ? `${found.length} found for “${wanted}”` : title;
}

search.value = query.get("q") ?? "";
search.addEventListener("input", show);
show();
