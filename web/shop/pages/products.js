/** What the shop sells. `price` is in euro cents; the first colour is chosen at first. */
export const PRODUCTS = [
  { slug: "weekender", name: "Weekender bag", group: "bags", price: 14900, colours: ["Sand", "Navy", "Brick"],
    line: "Fits under the seat in front of you", text: "Waxed canvas, two handles, one strap, and a sleeve that slides over the handle of a trolley." },
  { slug: "orbit", name: "Orbit neck pillow", group: "cabin", price: 3900, colours: ["Dawn", "Dusk", "Midnight"],
    line: "Holds your head through the time zones", text: "Memory foam in brushed cotton. The cover goes in the wash, the pillow into its own pouch." },
  { slug: "mug", name: "Altitude mug", group: "desk", price: 2800, colours: ["Coral", "Teal"],
    line: "Hot for six hours, or London to New York", text: "Double-walled steel with a lid that survives turbulence, and the bag that it was thrown into." },
  { slug: "hush", name: "Hush headphones", group: "cabin", price: 18900, colours: ["Graphite", "Cloud"],
    line: "Quieter than row thirty-one", text: "Forty hours of quiet from one charge, and a cable for the seat that still wants one." },
  { slug: "logbook", name: "Pilot's logbook", group: "desk", price: 1900, colours: ["Oxblood", "Forest"],
    line: "Every trip on a page of its own", text: "Stitched binding that lies flat, 160 numbered pages, a ribbon, and a pocket for boarding passes." },
  { slug: "tag", name: "Claim luggage tag", group: "bags", price: 1500, colours: ["Orange", "Lime", "Sky"],
    line: "The first case that you see on the belt", text: "Vegetable-tanned leather and a brass buckle. Your address stays behind a flap." },
];

export const GROUPS = { bags: "Bags and tags", cabin: "In the cabin", desk: "For the desk" };

const euros = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });
export const money = (cents) => euros.format(cents / 100);
export const bySlug = (slug) => PRODUCTS.find((product) => product.slug === slug);
