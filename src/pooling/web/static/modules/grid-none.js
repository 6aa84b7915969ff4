// Whoever types a quantity needs something after all: the answer for all rows is taken back.
export function takeBackNoNeed(form) {
  const none = form.querySelector("[data-no-need]");
  if (!none) return;
  form.addEventListener("input", (event) => {
    if (event.target.matches("[data-grid] input") && /[1-9]/.test(event.target.value)) none.checked = false;
  });
}
