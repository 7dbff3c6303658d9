// What is known of each variable: what it is, its sizes, and whether the derivative is by it.

import { byId, make } from "./dom.js";
import { GROUPS, kindOf, plainKind } from "./kinds.js";

const AXES = { 1: ["length"], 2: ["rows", "columns"] };

/** Show the variables of an answer. `changed()` follows every change to `state.names`; `by(name)` a choice of one. */
export function showVariables(found, state, { changed, by }) {
  const place = byId("variable-rows");
  const names = Object.keys(found).sort((one, other) => one.localeCompare(other, "en"));
  const focused = document.activeElement?.id;
  place.replaceChildren(...(names.length ? names.map((name) => row(name, found[name], state, changed, by))
    : [make("p", { class: "none" }, "No variables yet.")]));
  if (focused && place.querySelector(`#${CSS.escape(focused)}`)) {
    byId(focused).focus();
  }
}

function row(name, shape, state, changed, by) {
  const own = () => (state.names[name] ??= { kind: "", dims: [] });
  const { kind, dims } = state.names[name] ?? { kind: "", dims: [] };
  const axes = kindOf(kind)?.axes ?? shape.length;
  const chosen = state.wrt.split(",").map((word) => word.trim()).includes(name);
  return make("div", { class: "variable", role: "group", "aria-label": name },
    state.do === "verify" ? make("span", { class: "variable-name" }, name)
      : make("button", { type: "button", class: "by-button", id: `by-${name}`, "aria-pressed": String(chosen), title: `Differentiate by ${name}`,
        onclick: () => by(name) }, make("span", { "aria-hidden": "true" }, "∂"), make("span", { class: "variable-name" }, name)),
    kindSelect(name, kind, shape, (key) => {
      own().kind = key;
      own().dims = own().dims.slice(0, kindOf(key)?.axes ?? shape.length);
      changed();
    }),
    make("span", { class: "sizes" }, Array.from({ length: axes }, (_, at) => [
      at ? make("span", { class: "times", "aria-hidden": "true" }, "×") : "",
      sizeInput(name, at, axes, dims[at] ?? "", shape[at], (text) => {
        own().dims[at] = text;
        own().dims = Array.from(own().dims, (dim) => dim ?? "");
        changed();
      }),
    ])));
}

function kindSelect(name, kind, shape, choose) {
  const select = make("select", { id: `kind-${name}`, "aria-label": `What ${name} is`, class: kind ? "said" : "" },
    make("option", { value: "" }, kind ? "inferred" : `${plainKind(shape.length)}`),
    GROUPS.map(({ title, choices }) => make("optgroup", { label: title }, choices.map(({ key, label }) => make("option", { value: key }, label)))));
  select.value = kindOf(kind) ? kind : "";
  select.addEventListener("change", () => choose(select.value));
  return select;
}

function sizeInput(name, at, axes, value, inferred, write) {
  const what = AXES[axes]?.[at] ?? `axis ${at + 1}`;
  const input = make("input", { id: `size-${name}-${at}`, class: "size", "aria-label": `Size of ${name}: ${what}`, maxlength: "30", spellcheck: "false",
    autocapitalize: "off", placeholder: String(inferred ?? "") });
  input.value = value;
  input.addEventListener("input", () => write(input.value));
  return input;
}
