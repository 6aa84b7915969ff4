// Cells copied from a spreadsheet fill the boxes from the one they are pasted into, downwards. Nothing is left out without
// a word: a line without a box, a second column, a value that is no whole number are said, and change no box.
import { quantity } from "./grid-total.js";

const SHOWN = 3; // values named in the message; the others are counted

export function pasteIntoGrid(grid) {
  const columnsOfBoxes = ["[data-quantity]", "[data-most]"].map((kind) => [...grid.querySelectorAll(kind)]);
  if (!columnsOfBoxes[0].length) return; // a grid that is only read
  const message = grid.ownerDocument.createElement("div");
  message.className = "paste-report";
  message.setAttribute("role", "status"); // there before it speaks: screen readers hear what changes in it
  grid.before(message);

  grid.addEventListener("paste", (event) => {
    const boxes = columnsOfBoxes.find((column) => column.includes(event.target));
    if (!boxes) return;
    const start = boxes.indexOf(event.target);
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const rows = text.replace(/[\r\n]+$/, "").split(/\r\n|\r|\n/).map((line) => line.split("\t").map((cell) => cell.trim()));
    if (rows.length === 1 && rows[0].length === 1 && quantity(rows[0][0]) !== null) return; // the browser's own paste
    event.preventDefault();
    const columns = Math.max(...rows.map((row) => row.length));
    const column = valuesColumn(rows, columns);
    const taken = rows.slice(0, boxes.length - start).map((row) => row[column] ?? "");
    const refused = taken.filter((value) => quantity(value) === null);
    const kept = taken.flatMap((value, index) => {
      if (value === "" || quantity(value) === null) return []; // an empty cell leaves its box as it is
      boxes[start + index].value = value;
      return [index];
    });
    grid.dispatchEvent(new Event("input", { bubbles: true }));
    boxes[start + (kept.at(-1) ?? 0)].dispatchEvent(new Event("input", { bubbles: true }));
    boxes[start + (kept.at(-1) ?? 0)].focus();
    const tooMany = rows.slice(taken.length).map((row) => row[column] ?? "");
    message.replaceChildren(...report(kept.length, refused, tooMany, columns, column).map(paragraph));
  });
}

/** The column that is pasted: the first in which most filled cells are whole numbers, else the first. */
function valuesColumn(rows, columns) {
  for (let column = 0; column < columns; column += 1) {
    const filled = rows.map((row) => row[column] ?? "").filter((value) => value !== "");
    if (filled.filter((value) => quantity(value) !== null).length * 2 > filled.length) return column;
  }
  return 0;
}

function report(kept, refused, tooMany, columns, column) {
  const words = [kept === 0 ? "Aucune quantité collée." : kept === 1 ? "1 quantité collée." : `${kept} quantités collées.`];
  if (refused.length) {
    words.push(
      refused.length === 1
        ? `1 valeur n’est pas un nombre entier et n’a pas été collée\u00a0: ${named(refused)}.`
        : `${refused.length} valeurs ne sont pas des nombres entiers et n’ont pas été collées\u00a0: ${named(refused)}.`,
    );
  }
  if (tooMany.length) {
    words.push(
      tooMany.length === 1
        ? `1 ligne de trop n’a pas été collée, faute d’article en face\u00a0: ${named(tooMany)}.`
        : `${tooMany.length} lignes de trop n’ont pas été collées, faute d’articles en face\u00a0: ${named(tooMany)}.`,
    );
  }
  if (columns > 1) {
    words.push(`Seule la ${column === 0 ? "1re" : `${column + 1}e`} colonne des ${columns} copiées a été lue.`);
  }
  return words;
}

function named(values) {
  const shown = values.slice(0, SHOWN).map((value) => (value === "" ? "(vide)" : `«\u00a0${value.slice(0, 40)}\u00a0»`));
  return shown.join(", ") + (values.length > SHOWN ? "…" : "");
}

function paragraph(words, index, all) {
  const element = document.createElement("p");
  element.textContent = words;
  element.className = all.length > 1 && index > 0 ? "paste-left-out" : "";
  return element;
}
