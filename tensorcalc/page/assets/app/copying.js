// Buttons that copy a text.

import { announce, make } from "./dom.js";

const SHOWN = 1600; // milliseconds for which a button says that it is done

/** A button that copies what `text()` says then; `what` is read out. */
export function copyButton(what, text) {
  const button = make("button", { type: "button", class: "copy", "aria-label": `Copy ${what}`, title: `Copy ${what}` }, "Copy");
  button.addEventListener("click", () => copied(button, text(), what));
  return button;
}

/** Copy, and let the button say so for a moment. */
export async function copied(button, text, what) {
  const before = button.dataset.label ?? button.textContent;
  button.dataset.label = before;
  const done = await copy(text);
  button.textContent = done ? "Copied" : "Failed";
  button.classList.toggle("done", done);
  announce(done ? `Copied ${what}` : "The browser does not let this page copy");
  clearTimeout(Number(button.dataset.timer));
  button.dataset.timer = setTimeout(() => {
    button.textContent = before;
    button.classList.remove("done");
  }, SHOWN);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** The way of pages that a browser does not hold for secure. */
function copySelected(text) {
  const field = make("textarea", { class: "sr", "aria-hidden": "true" });
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
