import { GROUPS, bySlug, money } from "./products.js";
import { element } from "./shop.js";
import { add } from "./store.js";

const $ = (selector) => document.querySelector(selector);
const product = bySlug(location.pathname.split("/").pop());

function describe() {
  document.title = `${product.name} · Layover`;
  $("#name").textContent = product.name;
  $("#group").textContent = GROUPS[product.group];
  $("#price").textContent = money(product.price);
  $("#text").textContent = `${product.line}. ${product.text}`;
  $("#art").src = `/assets/art/${product.slug}.svg`;
  $('[name="colour"]').append(...product.colours.map((colour) => element("option", { text: colour })));
}

function buy(event) {
  event.preventDefault();
  const form = new FormData(event.target);
  add(product.slug, form.get("colour"), Number(form.get("quantity")));
  $(".notice").hidden = false;
  $(".notice span").textContent = `${product.name} is in your cart`;
}

if (product) {
  describe();
  $("form").addEventListener("submit", buy);
} else {
  $("main").replaceChildren(element("h1", { text: "We do not sell that" }), element("a", { href: "/", text: "All goods" }));
}
