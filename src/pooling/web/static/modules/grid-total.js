// The declaration grid's running total, in whole cents.
const euros = new Intl.NumberFormat("fr-FR", { style: "currency", currency: "EUR" });
const units = new Intl.NumberFormat("fr-FR");

/** The whole number typed in French ("1 200"), 0 when empty, null when it is not one. */
export function quantity(text) {
  const digits = text.replace(/\s/g, "");
  if (digits === "") return 0;
  return /^\d{1,9}$/.test(digits) ? Number(digits) : null;
}

function show(element, text) {
  if (element) element.textContent = text;
}

export function liveTotals(grid) {
  const boxes = [...grid.querySelectorAll("[data-quantity]")];
  if (!boxes.length) return; // a grid that is only read: its totals came with it
  const update = () => {
    let cents = 0;
    let count = 0;
    for (const box of boxes) {
      const asked = quantity(box.value);
      const price = Number(box.dataset.priceCents || 0);
      show(box.closest("tr").querySelector("[data-line-amount]"), asked && price ? euros.format((asked * price) / 100) : "–");
      cents += (asked ?? 0) * price;
      count += asked ?? 0;
    }
    show(grid.querySelector("[data-total-amount]"), euros.format(cents / 100));
    show(grid.querySelector("[data-total-quantity]"), units.format(count));
  };
  grid.addEventListener("input", update);
  update();
}
