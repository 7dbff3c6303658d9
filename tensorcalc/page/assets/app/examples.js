// Formulas to begin with. Each fills the page; what it does not say stays as it is by default.

const three = (...names) => Object.fromEntries(names.map((name) => [name, { kind: "", dims: ["3", "3"] }]));

export const EXAMPLES = {
  derive: [
    ["Matrix", [
      { title: "Quadratic form", expr: "x' A x", wrt: "x" },
      { title: "Least squares", expr: "norm2(X w - y)^2 / 2", wrt: "w" },
      { title: "Gaussian likelihood", expr: "y' inv(S) y + logdet(S)", wrt: "S", names: { S: { kind: "symmetric", dims: [] } } },
      { title: "Log-sum-exp Hessian", expr: "logsumexp(A x)", wrt: "x", order: 2 },
      { title: "Matrix factorisation", expr: "norm2(U V' - M)^2 / 2", wrt: "U" },
      { title: "Inverse", expr: "inv(X)", wrt: "X" },
    ]],
    ["Index", [
      { title: "Matrix product", expr: "C_ij = X_ik Y_kj", wrt: "X" },
      { title: "Attention weights", expr: "P_ij = softmax(Q_ik K_jk)", wrt: "Q", notation: "index" },
      { title: "Trilinear form", expr: "f = T_ijk x_i x_j x_k", wrt: "x" },
      { title: "Scaled rows", expr: "D_ij = x_i A_ij", wrt: "x" },
      { title: "Green strain", expr: "E_ij = (F_ki F_kj - delta_ij) / 2", wrt: "F", names: three("F"), notation: "index" },
      { title: "Cross product", expr: "c_i = eps_ijk a_j b_k", wrt: "a" },
    ]],
  ],
  verify: [
    ["Matrix", [
      { title: "vec and ⊗", lhs: "vec(A X B)", rhs: "kron(B', A) vec(X)" },
      { title: "Woodbury", lhs: "inv(A + U C V)", rhs: "inv(A) - inv(A) U inv(inv(C) + V inv(A) U) V inv(A)" },
      { title: "Inverse of a product?", lhs: "inv(A B)", rhs: "inv(A) inv(B)" },
      { title: "expm of a sum?", lhs: "expm(A + B)", rhs: "expm(A) expm(B)" },
    ]],
    ["Index", [
      { title: "ε ε = δ δ − δ δ", lhs: "C_jklm = eps_ijk eps_ilm", rhs: "C_jklm = delta_jl delta_km - delta_jm delta_kl" },
      { title: "Two cross products", lhs: "c_i = eps_ijk a_j eps_klm b_l d_m", rhs: "c_i = b_i a_j d_j - d_i a_j b_j" },
      { title: "Order of indices?", lhs: "f = A_ij B_ij", rhs: "f = A_ij B_ji" },
    ]],
  ],
  check: [
    ["Matrix", [
      { title: "A transpose", expr: "logdet(X)", wrt: "X", claimed: "inv(X)" },
      { title: "A factor", expr: "norm2(X w - y)^2", wrt: "w", claimed: "X' (X w - y)" },
      { title: "Another layout", expr: "inv(X)", wrt: "X", claimed: "-inv(X) ⊗ inv(X)'" },
      { title: "Correct", expr: "tr(A X B)", wrt: "X", claimed: "A' B'" },
    ]],
    ["Index", [
      { title: "A missing term", expr: "f = A_ij x_i x_j", wrt: "x", claimed: "D_k = A_kj x_j" },
      { title: "A sign", expr: "c_i = eps_ijk a_j b_k", wrt: "a", claimed: "D_ij = eps_ikj b_k" },
      { title: "Two indices", expr: "C_ij = X_ik Y_kj", wrt: "X", claimed: "D_ijpq = delta_ip Y_jq" },
    ]],
  ],
};
