"""Which of the rules of proofs go together, and in what order they are tried."""

from __future__ import annotations

from . import determinants, duplication, elementwise, exponentials, inverses, levi_civita, pseudoinverses, structure

NORMAL = (
    determinants.logdet_define,
    pseudoinverses.pinv_square,
    pseudoinverses.pinv_twice,
    pseudoinverses.pinv_turn,
    pseudoinverses.pinv_scalar,
    pseudoinverses.pinv_kronecker,
    pseudoinverses.pinv_projector,
    pseudoinverses.pinv_symmetric,
    inverses.adj_define,
    determinants.det_transpose,
    determinants.det_inverse,
    determinants.det_identity,
    determinants.det_scalar,
    determinants.det_product,
    determinants.det_factor,
    determinants.det_diagonal,
    determinants.det_kronecker,
    determinants.det_clear,
    determinants.det_shift,
    determinants.det_lemma,
    duplication.det_symmetric_square,
    determinants.det_orthogonal,
    determinants.det_skew,
    inverses.inverse_orthogonal,
    inverses.inverse_factor,
    structure.diagonal_cancel,
    structure.inverse_diagonal_fact,
    inverses.inverse_turn,
    inverses.inverse_trace,
    inverses.inverse_commute,
    inverses.inverse_skew,
    structure.diagonal_entries,
    exponentials.expm_inverse,
    exponentials.expm_transpose,
    exponentials.expm_similar,
    exponentials.expm_push,
    exponentials.logm_inverse,
    exponentials.sqrtm_square,
    exponentials.logm_trace,
    exponentials.sqrtm_root,
    exponentials.chol_logdet,
    exponentials.expm_kernel,
    exponentials.expm_diagonal,
    exponentials.expm_kronsum,
    exponentials.expm_sum,
    exponentials.expm_merge,
    exponentials.expm_commute,
    elementwise.sign_product,
    elementwise.sign_support,
    elementwise.function_parity,
    elementwise.softmax_shift,
    *elementwise.definitions,
    elementwise.exp_spread,
    elementwise.exp_sum,
    elementwise.log_product,
    elementwise.abs_product,
    elementwise.abs_square,
    elementwise.root_square,
    elementwise.root_positive,
    elementwise.function_inverse,
    elementwise.sin_square,
    elementwise.power_one,
    elementwise.power_product,
    elementwise.power_sign,
    elementwise.power_expand,
    elementwise.power_split,
    duplication.duplication_projector,
    duplication.duplication_plus,
    duplication.duplication_symmetric,
    duplication.duplication_outer,
    duplication.elimination_symmetric,
    duplication.elimination_transpose,
    levi_civita.eps_determinant,
    levi_civita.eps_transport,
)
"""Rules towards the normal form of proofs, besides the standard ones."""

POLYNOMIAL = (
    levi_civita.adj_recognise,
)
"""Before writing out in components."""

FRACTIONS = (
    inverses.inverse_adjugate,
)
"""Where the sizes are small numbers: inverses as fractions."""

DEFINE = (
    elementwise.softplus_define,
    elementwise.sigmoid_define,
    elementwise.angle_sum,
    pseudoinverses.pinv_gram,
    duplication.duplication_define,
    inverses.inverse_rank_one,
)
"""Tried where the rest did not decide."""

ALMOST = (
    inverses.adj_define,
    determinants.det_shift,
    determinants.det_lemma,
    inverses.inverse_rank_one,
)
"""They put in an inverse that nobody wrote: for sides that are continuous."""

RELATIONS = (
    inverses.inverse_relation,
    elementwise.power_relation,
)
"""What the inverse of a sum satisfies."""
