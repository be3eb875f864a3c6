/** The visitor's cart and last order, in the browser's own storage. A cart line is `{slug, colour, quantity}`. */
import { bySlug } from "./products.js";

const read = (key, otherwise) => JSON.parse(localStorage.getItem(key) ?? "null") ?? otherwise;

export const cart = () => read("cart", []);
export const count = () => cart().reduce((sum, line) => sum + line.quantity, 0);
export const discounted = () => read("scanned", false);
export const order = () => read("order", null);

function save(key, value) {
  localStorage.setItem(key, JSON.stringify(value));
  document.dispatchEvent(new Event("shop:changed"));
}

export function add(slug, colour, quantity) {
  const lines = cart();
  const same = lines.find((line) => line.slug === slug && line.colour === colour);
  if (same) same.quantity += quantity;
  else lines.push({ slug, colour, quantity });
  save("cart", lines);
}

export const remove = (index) => save("cart", cart().filter((_, at) => at !== index));
export const scan = () => save("scanned", true);

export function totals(delivery = 0) {
  const goods = cart().reduce((sum, line) => sum + bySlug(line.slug).price * line.quantity, 0);
  const discount = discounted() ? Math.round(goods / 10) : 0;
  return { goods, discount, delivery, all: goods - discount + delivery };
}

export function place(name, delivery) {
  const number = 100000 + crypto.getRandomValues(new Uint32Array(1))[0] % 900000;
  save("order", { number, name, total: totals(delivery).all });
  save("cart", []);
}

/** Whether "Checkout" reads "Proceed to payment": set by `?rename=1`, cleared by `?rename=0`, kept in a cookie. */
export function renamed() {
  const asked = new URLSearchParams(location.search).get("rename");
  if (asked !== null) document.cookie = `rename=${asked === "1" ? "1" : "0"}; path=/; SameSite=Lax`;
  return document.cookie.split("; ").includes("rename=1");
}
