// The page: what is typed becomes a request, and its answer is shown.

import { ask, forget } from "./asking.js";
import { copied } from "./copying.js";
import { derivative, PANES } from "./derivatives.js";
import { announce, byId, make } from "./dom.js";
import { clearError, namesOffered, showError } from "./errors.js";
import { EXAMPLES } from "./examples.js";
import { kindOf } from "./kinds.js";
import { deriveRequest, FORMS, mainRequest } from "./requests.js";
import { fresh, fromHash, saidOf, toHash } from "./state.js";
import { tabs } from "./tabs.js";
import { diagnosis, verdict } from "./verdicts.js";
import { showVariables } from "./variables.js";

const DEBOUNCE = 150; // milliseconds
const TEXTS = ["expr", "claimed", "lhs", "rhs"];
const SETTINGS = ["wrt", "order", "layout", "vec", "reading", "functions", "equations", "contract"];
const NEEDED = { derive: ["expr"], verify: ["lhs", "rhs"], check: ["expr", "claimed"] };
const TABS = { steps: "Steps", code: "Code", latex: "LaTeX", diagram: "Diagram" };
const LIKELY = ["X", "x", "W", "w", "S", "A"];

let state = fromHash(location.hash);
let asked = state; // what the last answer answers
let found = {}; // the variables of the last answer, with their shapes
let byHand = false; // whether somebody chose the variable since the formula changed
let typed = location.hash.length > 1; // whether the formula is somebody's own
let timer = 0;
const drafts = new Map(); // the state of each mode that was left

// -- from fields to state and back -----------------------------------------------------------

function fill() {
  for (const id of [...TEXTS, ...SETTINGS]) {
    byId(id).value = state[id];
  }
  byId("more").open ||= Boolean(state.functions || state.equations || state.contract);
  for (const part of document.querySelectorAll("[data-for]")) {
    part.hidden = !part.dataset.for.split(" ").includes(state.do);
  }
  byId("ask").setAttribute("aria-labelledby", `mode-${state.do}`);
  byId("form").dataset.mode = state.do;
  chooseMode(state.do);
  showExamples();
  TEXTS.forEach((id) => grow(byId(id)));
}

/** As many lines as the text needs. */
function grow(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
}

/** Let the address say what is on the page; browsers refuse where that changes too often, and take the next one. */
function remember(current) {
  try {
    history.replaceState(null, "", toHash(current));
  } catch {
    // The next answer is remembered.
  }
}

/** `left == right` in the left field, as the command line takes it, is both sides. */
function splitSides() {
  const [left, right] = state.lhs.split(/==(.*)/s, 2);
  if (right !== undefined) {
    Object.assign(state, { lhs: left.trim(), rhs: right.trim() || state.rhs });
    fill();
    byId("rhs").focus();
    byId("rhs").select();
  }
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(update, DEBOUNCE);
}

function now() {
  clearTimeout(timer);
  update();
}

// -- asking ----------------------------------------------------------------------------------

/** Ask what the state says, and show the answer. */
async function update() {
  if (NEEDED[state.do].some((field) => !state[field].trim())) {
    showNothing();
    return;
  }
  byId("answer").setAttribute("aria-busy", "true");
  let current = structuredClone(state);
  let answer = await ask("main", mainRequest(current, found));
  const names = answer && !answer.ok ? namesOffered(answer.error) : [];
  if (names.length && !byHand) {
    current = { ...current, wrt: LIKELY.find((name) => names.includes(name)) ?? names.at(-1) };
    answer = await ask("main", mainRequest(current, found));
  }
  if (answer === null) {
    return;
  }
  byId("answer").setAttribute("aria-busy", "false");
  remember(current);
  if (answer.ok) {
    show(current, answer);
  } else {
    byId("answer").classList.add("stale");
    showError(answer.error, current, differentiateBy);
    showNames(withSaid(found, current), current);
    announce(`Error: ${answer.error.message}`);
  }
}

function showNothing() {
  clearError();
  forget("main");
  byId("answer").setAttribute("aria-busy", "false");
  byId("answer").classList.add("stale");
}

function show(current, answer) {
  clearError();
  asked = current;
  byId("answer").classList.remove("stale");
  if (document.activeElement !== byId("wrt")) {
    byId("wrt").value = current.wrt;
  }
  const showing = { derive: showDerivative, verify: showVerdict, check: showDiagnosis };
  showing[current.do](current, answer);
}

function showDerivative(current, answer) {
  byId("result").replaceChildren(derivative(answer));
  byId("details").hidden = false;
  setVariables(answer.vars, current);
  announce(`Answer: ${FORMS.map((form) => answer[form]).find((text) => text !== null)}`);
  showPane();
}

function showVerdict(current, answer) {
  byId("result").replaceChildren(verdict(answer));
  byId("details").hidden = true;
  setVariables(answer.vars ?? {}, current);
  announce(`${answer.verdict}. ${answer.diagnosis}`);
}

async function showDiagnosis(current, answer) {
  byId("details").hidden = true;
  byId("result").replaceChildren(diagnosis(answer, null));
  announce(`${answer.diagnosis}. ${answer.says}`);
  const derived = await ask("detail", deriveRequest(current, found, [...FORMS, "latex"]));
  if (derived?.ok && asked === current) {
    byId("result").replaceChildren(diagnosis(answer, derived));
    setVariables(derived.vars, current);
  }
}

function setVariables(vars, current) {
  found = vars;
  showNames(vars, current);
}

function showNames(vars, current) {
  showVariables(vars, { ...state, wrt: current.wrt }, { changed: later, by: differentiateBy });
}

/** The variables that are known, and those of which somebody said something. */
function withSaid(vars, current) {
  const said = saidOf(current).filter(([name]) => !Object.hasOwn(vars, name));
  return { ...vars, ...Object.fromEntries(said.map(([name, { kind, dims }]) => [name, Array.from({ length: kindOf(kind)?.axes ?? dims.length }, () => "")])) };
}

function differentiateBy(name) {
  state.wrt = name;
  byHand = true;
  byId("wrt").value = name;
  now();
}

// -- behind the tabs ---------------------------------------------------------------------------

async function showPane() {
  const tab = Object.hasOwn(TABS, state.tab) ? state.tab : "steps";
  const current = asked;
  byId("pane").setAttribute("aria-busy", "true");
  const want = tab === "latex" ? [...FORMS, "latex", "formula"] : [tab];
  const answer = await ask("detail", deriveRequest({ ...current, detail: state.detail, notation: state.notation }, found, want));
  if (answer === null || asked !== current) {
    return;
  }
  byId("pane").setAttribute("aria-busy", "false");
  byId("pane").setAttribute("aria-labelledby", `tab-${tab}`);
  byId("pane").dataset.tab = tab;
  byId("step-choices").hidden = tab !== "steps";
  const keep = document.activeElement?.id;
  byId("pane").replaceChildren(...(answer.ok ? PANES[tab](answer, state, setLibrary) : [make("p", { class: "note" }, answer.error.message)]).flat());
  if (keep && document.activeElement === document.body) {
    byId(keep)?.focus();
  }
}

function setLibrary(library) {
  state.library = library;
  remember({ ...asked, library, tab: state.tab });
}

/** The tabs, and choices that belong to the steps. */
function buildDetails() {
  const buttons = Object.entries(TABS).map(([key, title]) =>
    make("button", { type: "button", role: "tab", id: `tab-${key}`, "data-key": key, "aria-controls": "pane" }, title));
  const choice = (id, label, options) => {
    const select = make("select", { id, "aria-label": label }, options.map(([value, text]) => make("option", { value }, text)));
    select.value = state[id];
    select.addEventListener("change", () => {
      state[id] = select.value;
      remember({ ...asked, [id]: state[id], tab: state.tab });
      showPane();
    });
    return select;
  };
  byId("answer").replaceChildren(
    make("div", { id: "result" }, make("div", { class: "card waiting" })),
    make("div", { id: "details", class: "card details", hidden: true },
      make("div", { class: "details-head" },
        make("div", { class: "tabs", role: "tablist", "aria-label": "More about the derivative" }, buttons),
        make("div", { id: "step-choices", class: "step-choices" },
          choice("notation", "Notation of the steps", [["matrix", "matrix"], ["index", "index"], ["kronecker", "Kronecker"]]),
          choice("detail", "Detail of the steps", [["brief", "brief"], ["full", "every rule"]]))),
      make("div", { id: "pane", role: "tabpanel", tabindex: "-1" })));
  return tabs(buttons, (button) => button.dataset.key, (tab) => {
    state.tab = tab;
    remember({ ...asked, tab });
    showPane();
  });
}

// -- examples, modes, colours --------------------------------------------------------------------

function showExamples() {
  byId("examples").replaceChildren(...EXAMPLES[state.do].map(([title, rows]) =>
    make("div", { class: "example-group" }, make("span", { class: "example-title", id: `examples-${title}` }, title),
      make("div", { class: "chips", role: "group", "aria-labelledby": `examples-${title}` }, rows.map((example) =>
        make("button", { type: "button", class: "chip", title: example.expr ?? `${example.lhs} = ${example.rhs}`, onclick: () => load(example) }, example.title))))));
}

/** Put an example on the page; how things are shown stays. */
function load({ title, ...example }) {
  const { do: mode, layout, vec, tab, library, detail } = state;
  state = { ...fresh(), do: mode, layout, vec, tab, library, detail, names: {}, ...structuredClone(example) };
  typed = false;
  byHand = false;
  found = {};
  enter();
}

/** Show the whole state, and ask. */
function enter() {
  byId("notation").value = state.notation;
  byId("detail").value = state.detail;
  chooseTab(state.tab);
  fill();
  now();
}

/** Each mode has formulas of its own; a gradient to check begins with the formula that somebody typed. */
function setMode(mode) {
  const { do: before, layout, vec, tab, library, detail } = state;
  if (mode === before) {
    return;
  }
  drafts.set(before, state);
  state = { ...(drafts.get(mode) ?? structuredClone(state)), do: mode, layout, vec, tab, library, detail };
  byHand = false;
  if (!drafts.has(mode) && !(typed && mode === "check" && before === "derive")) {
    load(EXAMPLES[mode][0][1][0]);
  } else {
    enter();
  }
}

function isDark() {
  return (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
}

function showTheme() {
  byId("theme").setAttribute("aria-pressed", String(isDark()));
}

function switchTheme() {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  try {
    localStorage.setItem("theme", document.documentElement.dataset.theme);
  } catch {
    // Colours last as long as the page where nothing may be stored.
  }
  showTheme();
  if (byId("pane").dataset.tab === "diagram") {
    showPane(); // pictures do not follow by themselves
  }
}

// -- everything begins ------------------------------------------------------------------------------

const modes = ["derive", "verify", "check"].map((mode) => byId(`mode-${mode}`));
const chooseMode = tabs(modes, (button) => button.id.slice("mode-".length), setMode);
const chooseTab = buildDetails();

byId("order").replaceChildren(...[1, 2, 3, 4, 5, 6, 7, 8].map((order) => make("option", { value: order }, String(order))));
for (const id of TEXTS) {
  byId(id).addEventListener("input", () => {
    state[id] = byId(id).value;
    if (id === "lhs") {
      splitSides();
    }
    typed = true;
    byHand = false;
    grow(byId(id));
    later();
  });
  byId(id).addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      now();
    }
  });
}
for (const id of SETTINGS) {
  byId(id).addEventListener(byId(id).tagName === "SELECT" ? "change" : "input", () => {
    state[id] = id === "order" ? Number(byId(id).value) : byId(id).value;
    byHand = byHand || id === "wrt";
    later();
  });
}
byId("form").addEventListener("submit", (event) => event.preventDefault());
byId("share").addEventListener("click", () => copied(byId("share"), location.href, "a link to this page"));
byId("theme").addEventListener("click", switchTheme);
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId(state.do === "verify" ? "lhs" : "expr").focus();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);
addEventListener("hashchange", () => {
  typed = true;
  state = fromHash(location.hash);
  enter();
});
addEventListener("resize", () => TEXTS.forEach((id) => grow(byId(id))));
showTheme();
enter();
