import { money } from "./products.js";
import { order } from "./store.js";

const placed = order();
if (placed) {
  document.querySelector("#thanks").textContent = `Thank you, ${placed.name.split(" ")[0]}!`;
  document.querySelector("#told").textContent = `We charged ${money(placed.total)} and are packing your bag now.`;
  const number = document.querySelector("#number");
  number.textContent = `Order #${placed.number}`;
  number.hidden = false;
}
