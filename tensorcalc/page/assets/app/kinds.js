// What a variable may be said to be: how many axes it has, and the property that the service knows.

const KINDS = [
  ["Number", 0, [["scalar", "scalar"], ["positive scalar", "positive"], ["nonzero scalar", "nonzero"]]],
  ["Vector", 1, [["vector", "vector"], ["positive vector", "positive"], ["unit vector", "unit"], ["probabilities", "simplex"]]],
  ["Matrix", 2, [["matrix", "matrix"], ["symmetric", "symmetric"], ["skew", "skew"], ["diagonal", "diagonal"], ["lower triangular", "lower"],
    ["orthogonal", "orthogonal"], ["positive definite", "spd"], ["semidefinite", "psd"], ["invertible", "invertible"],
    ["positive matrix", "positive"]]],
  ["Tensor", 3, [["3 axes", "tensor"]]],
  ["Tensor", 4, [["4 axes", "tensor"]]],
];

const SQUARE = new Set(["symmetric", "skew", "diagonal", "lower", "orthogonal", "spd", "psd", "invertible"]);
const PLAIN = ["scalar", "vector", "matrix", "tensor"];

/** Groups of choices; each choice has a key that stands in addresses, a label, its axes and its property. */
export const GROUPS = KINDS.map(([title, axes, rows]) => ({
  title,
  choices: rows.map(([label, fact]) => ({
    key: PLAIN.includes(fact) ? (fact === "tensor" ? `tensor${axes}` : fact) : fact === "positive" && axes !== 2 ? `positive${axes}` : fact,
    label,
    axes,
    fact: PLAIN.includes(fact) ? null : fact,
    square: SQUARE.has(fact),
  })),
}));

const BY_KEY = new Map(GROUPS.flatMap((group) => group.choices).map((choice) => [choice.key, choice]));

/** The choice with a key, or undefined. */
export const kindOf = (key) => BY_KEY.get(key);

/** What something with so many axes is called. */
export const plainKind = (axes) => ["scalar", "vector", "matrix"][axes] ?? `${axes} axes`;
