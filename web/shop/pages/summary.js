/** The rows of the price summary; `delivery` is in euro cents. */
import { money } from "./products.js";
import { element } from "./shop.js";
import { totals } from "./store.js";

export function showTotals(list, delivery = 0) {
  const sums = totals(delivery);
  const rows = [["Goods", sums.goods], ["Discount", -sums.discount], ["Delivery", sums.delivery]];
  const shown = rows.filter(([title, cents]) => title === "Goods" || cents !== 0);
  list.replaceChildren(
    ...shown.flatMap(([title, cents]) => [element("dt", { text: title }), element("dd", { text: money(cents) })]),
    element("dt", { class: "grand", text: "Total" }), element("dd", { class: "grand", text: money(sums.all) }));
}
