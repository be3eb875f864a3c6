import { place } from "./store.js";
import { showTotals } from "./summary.js";

const $ = (selector) => document.querySelector(selector);
const form = $("form");
const delivery = () => Number(new FormData(form).get("delivery"));

function showPicture(event) {
  const [file] = event.target.files;
  const preview = $(".preview");
  URL.revokeObjectURL(preview.src);
  preview.hidden = !file;
  if (file) preview.src = URL.createObjectURL(file);
}

function pay(event) {
  event.preventDefault();
  $(".button").disabled = true;
  $(".progress").hidden = false;
  $(".progress i").addEventListener("animationend", () => {
    place(form.elements.name.value, delivery());
    location.assign("/thanks");
  });
}

form.addEventListener("change", () => showTotals($(".totals"), delivery()));
form.elements.picture.addEventListener("change", showPicture);
form.addEventListener("submit", pay);
showTotals($(".totals"), delivery());
