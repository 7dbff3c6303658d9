"""Which rules go together.  ``STANDARD`` only shrinks; ``EXPAND`` and ``FACTOR`` are never in one set."""

from __future__ import annotations

from . import algebra, analysis, delta, factoring, logistic, powers

STABLE = (
    analysis.softplus_recognise,
    analysis.logsumexp_recognise,
    analysis.sigmoid_recognise,
    analysis.sigmoid_reflect,
    analysis.softmax_recognise,
    analysis.exp_logsumexp,
)
"""Forms that neither overflow nor cancel."""

STANDARD = (
    logistic.log_sigmoid,
    algebra.inverse_cancel,
    algebra.inverse_involution,
    algebra.inverse_identity,
    algebra.inverse_transpose,
    algebra.inverse_scalar,
    algebra.inverse_diagonal,
    algebra.inverse_product,
    algebra.inverse_kronecker,
    algebra.orthogonal_cancel,
    algebra.simplex_total,
    algebra.sum_linear,
    analysis.log_exp,
    analysis.exp_log,
    analysis.log_one,
    analysis.function_at_zero,
    analysis.abs_sign,
    analysis.sign_times,
    analysis.relu_step,
    analysis.extreme_same,
    analysis.max_relu,
    analysis.softmax_total,
    analysis.quotient_divide,
    analysis.frechet_commute,
    analysis.frechet_order,
    analysis.logdet_expm,
    analysis.det_expm,
    delta.eps_product,
    delta.elimination_duplication,
    delta.tril_lower,
    factoring.tensor_expand,
    *powers.STANDARD,
    *STABLE,
)
"""What every answer is rewritten by."""

EXPAND = (factoring.product_expand,)
EXPANDED = (factoring.product_expand_whole, *STANDARD)
FACTOR = (factoring.sum_factor,)

ALL = (*STANDARD, *EXPAND, *FACTOR)
"""Every rule, for documentation and for the tests that prove each one."""
