// What the page shows, as one object, and as the part of the address after `#`.

export const DEFAULTS = Object.freeze({
  do: "derive",
  expr: "y' inv(S) y + logdet(S)",
  wrt: "S",
  order: 1,
  lhs: "",
  rhs: "",
  claimed: "",
  layout: "numerator",
  vec: "F",
  reading: "free",
  functions: "",
  equations: "",
  contract: "",
  detail: "brief",
  notation: "matrix",
  tab: "steps",
  library: "numpy",
});

const FIRST = { S: { kind: "symmetric", dims: [] } };
const NAME = /^\p{L}[\p{L}\d]{0,49}$/u;

/** The state of a page that nobody has touched. */
export function fresh() {
  return { ...DEFAULTS, names: structuredClone(FIRST) };
}

const USED = { derive: ["expr", "wrt"], verify: ["lhs", "rhs"], check: ["expr", "wrt", "claimed"] };

/** What is said of names that the formulas mention; the rest waits until they do. */
export function saidOf(state) {
  const words = new Set([...USED[state.do], "equations", "contract"].flatMap((field) => state[field].match(/\p{L}[\p{L}\d]*/gu) ?? []));
  return Object.entries(state.names).filter(([name]) => words.has(name));
}

/** The state as it stands in an address: what differs from nothing, and `is.X=symmetric:n,n` for what is said of X. */
export function toHash(state) {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(DEFAULTS)) {
    const text = ["expr", "wrt", "lhs", "rhs", "claimed"].includes(name);
    if (name === "do" || (text ? USED[state.do].includes(name) : state[name] !== value)) {
      words.set(name, state[name]);
    }
  }
  for (const [name, { kind, dims }] of saidOf(state)) {
    if (kind || dims.some(Boolean)) {
      words.set(`is.${name}`, [kind, ...(dims.some(Boolean) ? [dims.join(",")] : [])].join(":"));
    }
  }
  return `#${words}`;
}

/** The state that an address asks for; what it does not say is as at first, and what it may not say is not taken. */
export function fromHash(hash) {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  if (!words.has("do")) {
    return fresh();
  }
  const state = { ...DEFAULTS, expr: "", wrt: "", names: {} };
  for (const [name, value] of words) {
    if (name === "order") {
      state.order = Math.min(8, Math.max(1, Math.trunc(Number(value)) || 1));
    } else if (Object.hasOwn(DEFAULTS, name)) {
      state[name] = value.slice(0, 20000);
    } else if (name.startsWith("is.") && NAME.test(name.slice(3))) {
      const [kind, dims = ""] = value.split(":", 2);
      state.names[name.slice(3)] = { kind, dims: dims ? dims.split(",").slice(0, 12) : [] };
    }
  }
  if (!["derive", "verify", "check"].includes(state.do)) {
    state.do = "derive";
  }
  return state;
}
