// A column copied from a spreadsheet fills the boxes from the one it is pasted into, downwards.
export function pasteIntoGrid(grid) {
  grid.addEventListener("paste", (event) => {
    const boxes = [...grid.querySelectorAll("[data-quantity]:not(:disabled)")];
    const start = boxes.indexOf(event.target);
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
    if (start < 0 || lines.length < 2) return; // one value: the browser's own paste
    event.preventDefault();
    lines.slice(0, boxes.length - start).forEach((line, index) => {
      boxes[start + index].value = line.split("\t")[0].trim();
    });
    grid.dispatchEvent(new Event("input", { bubbles: true }));
    const last = Math.min(start + lines.length, boxes.length) - 1;
    boxes[last].focus();
  });
}
