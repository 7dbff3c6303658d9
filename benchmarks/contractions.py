"""W6: contractions whose order matters, and calls on arrays so small that the call is what costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import opt_einsum  # type: ignore[import-untyped]
from harness import Case, Implementation, Inputs
from sides import hand, hand_out, jax_, other, ours, torch_

import tensorcalc as tc

TITLE = "Contractions; calls on tiny arrays"
_SITES = 10
_TINY = {"matmul": "ij,jk->ik", "matvec": "ij,j->i", "chain": "ij,jk,kl->il", "trace": "ii->", "frobenius": "ij,ij->",
         "scale rows": "i,ij->ij", "third order": "ijk,kl->ijl", "X'diag(v)X": "ji,j,jk->ik"}
_NETS: dict[str, tuple[int, ...]] = {"A B C v": (50, 1000), "low rank": (100, 1500), "four transforms": (8, 32),
                                     "matrix product states": (8, 96)}


def cases(quick: bool) -> list[Case]:
    """Networks at two sizes; tiny products."""
    nets = [{"task": task, "s": s} for task, sizes in _NETS.items() for s in (sizes[:1] if quick else sizes)]
    return [*nets, *[{"task": task, "s": s, "tiny": True} for task in _TINY for s in ([4] if quick else [2, 8])]]


def equation(task: str, s: int) -> tuple[str, list[tuple[int, ...]]]:
    """Subscripts and shapes."""
    if task in _TINY:
        subscripts = _TINY[task]
        return subscripts, [(s,) * len(term) for term in subscripts.partition("->")[0].split(",")]
    if task == "A B C v":
        return "ij,jk,kl,l->i", [(s, s)] * 3 + [(s,)]
    if task == "low rank":
        return "ia,ja,jb,kb->ik", [(s, 8)] * 4
    if task == "four transforms":
        return "ea,fb,abcd,gc,hd->efgh", [(s, s), (s, s), (s,) * 4, (s, s), (s, s)]
    return _product_states(s)


def _product_states(s: int) -> tuple[str, list[tuple[int, ...]]]:
    """The overlap of two chains: all tensors of one first, which is the worst order to contract in."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    physical, bonds = letters[:_SITES], (letters[10:10 + _SITES + 1], letters[26:26 + _SITES + 1])
    terms, shapes = [], []
    for bond in bonds:
        for site in range(_SITES):
            left, right = bond[site] * (site > 0), bond[site + 1] * (site < _SITES - 1)
            terms.append(left + physical[site] + right)
            shapes.append((s,) * len(left) + (2,) + (s,) * len(right))
    return ",".join(terms) + "->", shapes


def inputs(case: Case) -> Inputs:
    """Normal entries, scaled so that long products stay of order one."""
    random = np.random.default_rng(6)
    _, shapes = equation(case["task"], case["s"])
    return {f"T{place}": random.standard_normal(shape) / np.sqrt(shape[-1]) for place, shape in enumerate(shapes)}


# -- by hand ------------------------------------------------------------------------------


def transforms(A: Any, B: Any, T: Any, C: Any, D: Any) -> Any:
    """One product a transform; each moves the next index to the front."""
    s = len(A)
    for matrix in (A, B, C, D):
        T = T.reshape(s, -1).T @ matrix.T
    return T.reshape(s, s, s, s)


def product_states(*T: Any) -> Any:
    """From the left, two products a site."""
    one, two = T[:_SITES], T[_SITES:]
    E = one[0].T @ two[0]
    for a, b in zip(one[1:-1], two[1:-1]):
        s = len(E)
        t = E.T @ a.reshape(s, -1)
        E = t.reshape(2 * s, -1).T @ b.reshape(2 * s, -1)
    return np.vdot(E.T @ one[-1], two[-1])


def _tiny_kept(task: str) -> Any:
    def matmul(A: Any, B: Any) -> Any:
        R = np.empty_like(A)
        return lambda: np.matmul(A, B, out=R)

    def matvec(A: Any, x: Any) -> Any:
        r = np.empty_like(x)
        return lambda: np.matmul(A, x, out=r)

    def rows(v: Any, A: Any) -> Any:
        R = np.empty_like(A)
        return lambda: np.multiply(v[:, None], A, out=R)
    return {"matmul": matmul, "matvec": matvec, "scale rows": rows}.get(task)


_HAND: dict[str, dict[str, Any]] = {
    "A B C v": {"from the right": lambda A, B, C, v: A @ (B @ (C @ v))},
    "low rank": {"inner first": lambda A, B, C, D: (A @ (B.T @ C)) @ D.T},
    "four transforms": {"one product each": transforms},
    "matrix product states": {"from the left": product_states},
    "matmul": {"@": lambda A, B: A @ B},
    "matvec": {"@": lambda A, x: A @ x},
    "chain": {"@": lambda A, B, C: A @ B @ C},
    "trace": {"trace": lambda A: A.trace()},
    "frobenius": {"vdot": np.vdot},
    "scale rows": {"*": lambda v, A: v[:, None] * A},
    "third order": {"@": lambda T, A: T @ A},
    "X'diag(v)X": {"@": lambda X, v, Y: (X * v[:, None]).T @ Y},
}


def _einsum(task: str, s: int, optimize: bool) -> Any:
    subscripts, _ = equation(task, s)
    return lambda *T: np.einsum(subscripts, *T, optimize=optimize)


def _contract(task: str, s: int) -> Any:
    subscripts, _ = equation(task, s)
    return lambda *T: opt_einsum.contract(subscripts, *T)


def _expression(task: str, s: int) -> Any:
    subscripts, shapes = equation(task, s)
    return opt_einsum.contract_expression(subscripts, *shapes)


def implementations(case: Case) -> dict[str, Implementation]:
    """The sides that do a task."""
    task, s, tiny = case["task"], case["s"], "tiny" in case
    subscripts, shapes = equation(task, s)
    names = [f"T{place}" for place in range(len(shapes))]
    sides: dict[str, Implementation] = {name: hand(function, *names) for name, function in _HAND[task].items()}
    kept = _tiny_kept(task)
    if kept is not None:
        sides["kept"] = hand_out(kept, *names)

    def formulas() -> list[tc.Tensor]:
        return [tc.einsum(subscripts, *[tc.tensor(name, *shape) for name, shape in zip(names, shapes)])]
    sides["tensorcalc"] = ours(formulas)
    if kept is not None:
        sides["tensorcalc out="] = ours(formulas, out=True)
    sides["tensorcalc jax"] = ours(formulas, "jax")
    sides["tensorcalc torch"] = ours(formulas, "torch")
    if tiny:
        sides["np.einsum"] = other("other", _einsum(task, s, False), *names)
    sides["np.einsum(optimize)"] = other("other", _einsum(task, s, True), *names)
    sides["opt_einsum.contract"] = other("other", _contract(task, s), *names)
    sides["opt_einsum expression"] = other("other", _expression(task, s), *names)
    sides["jax einsum"] = jax_("jax ad", lambda jax: lambda *T: jax.numpy.einsum(subscripts, *T), *names)
    sides["torch.einsum"] = torch_("torch ad", lambda torch: lambda *T: torch.einsum(subscripts, *T), *names)
    return sides
