// An error under the place it is about: the source with carets, what is wrong, what helps.

import { byId, fill, make } from "./dom.js";

const TITLES = { expr: "Formula", wrt: "By", claimed: "Your derivative", lhs: "Left side", rhs: "Right side", contract: "Contraction", vars: "Variables",
  orders: "Variables", assume: "Variables", functions: "Unknown functions", order: "Order" };
const INPUTS = { expr: "expr", wrt: "wrt", claimed: "claimed", lhs: "lhs", rhs: "rhs", contract: "contract", functions: "functions", order: "order" };

/** Forget the last error. */
export function clearError() {
  const place = byId("error");
  place.hidden = true;
  place.replaceChildren();
  mark(null);
}

/** Show an error; `suggest` gets names that the error offers to differentiate by. */
export function showError(error, state, suggest) {
  const source = typeof state[error.field] === "string" ? state[error.field] : "";
  const [message, ...facts] = error.message.split("; ");
  const names = namesOffered(error);
  fill(
    byId("error"),
    error.spans.length && source ? make("pre", { class: "carets", "aria-hidden": "true" }, carets(source, error.spans)) : "",
    make("p", { class: "error-message" },
      make("strong", {}, TITLES[error.field] ? `${TITLES[error.field]}: ` : ""), message,
      error.code ? make("span", { class: "error-code" }, error.code) : ""),
    facts.map((fact) => make("p", { class: "error-fact" }, fact)),
    error.help ? make("p", { class: "error-help" }, error.help) : "",
    names.length ? make("p", { class: "chips" }, names.map((name) =>
      make("button", { type: "button", class: "chip", onclick: () => suggest(name) }, `by ${name}`))) : "",
  );
  byId("error").hidden = false;
  mark(error.field);
}

/** The variables that an error about `wrt` names. */
export function namesOffered(error) {
  const found = error.code === "TC204" && /variables: ([\p{L}\d, ]+)/u.exec(error.message);
  return found && found[1] !== "none" ? found[1].split(", ") : [];
}

/** The source, marked, and a line of carets below; places count characters, not halves of them. */
function carets(source, spans) {
  const characters = [...source.replace(/[\n\t]/g, " ")];
  const marks = characters.map(() => " ");
  marks.push(" ");
  for (const [begin, end] of spans) {
    for (let at = begin; at < Math.max(end, begin + 1) && at < marks.length; at += 1) {
      marks[at] = at === begin ? "^" : "~";
    }
  }
  const parts = [];
  characters.forEach((character, at) => {
    const marked = marks[at] !== " ";
    if (parts.length && parts.at(-1).marked === marked) {
      parts.at(-1).text += character;
    } else {
      parts.push({ marked, text: character });
    }
  });
  return [...parts.map(({ marked, text }) => (marked ? make("mark", {}, text) : text)), "\n", make("span", { class: "caret-line" }, marks.join("").trimEnd())];
}

function mark(field) {
  for (const id of new Set(Object.values(INPUTS))) {
    const wrong = field !== null && INPUTS[field] === id;
    byId(id).toggleAttribute("aria-invalid", wrong);
    if (wrong) {
      byId(id).setAttribute("aria-invalid", "true");
      byId(id).setAttribute("aria-errormessage", "error");
    } else {
      byId(id).removeAttribute("aria-errormessage");
    }
  }
}
