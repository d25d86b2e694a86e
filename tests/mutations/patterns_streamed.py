"""What is equivalent in kernels that stream windows (`optimized`)."""

from __future__ import annotations

from dataclasses import replace

from tests.mutations.pattern import ORDER, Equivalent

_STREAMED = (
    Equivalent(
        "round-through-the-vector-cores",
        "the cube core has waited for vector cores that waited for what came behind: the "
        "scores of a window, or the sums of a token",
        ("pair",),
        r"^SetFlag<HardEvent::(MTE1_MTE2|FIX_M)>",
        target=r"^(DataCopy\(query_l1,|Mmad\(dy_relu_grad_product_sum,|"
        r"DataCopy\(dy_relu_grad_l1, dy_relu_grad_workspace_gm|"
        r"Mmad\(product, lhs_l0, rhs_l0, product_size_[14]\))",
    ),
    Equivalent(
        "round-through-the-vector-cores",
        "likewise",
        ORDER,
        r"^PipeBarrier<PIPE_MTE2>",
        target=r"^DataCopy\(query_l1,",
    ),
    Equivalent(
        "block-of-one-turn",
        "a block has room for 64 rows, so the loop over the blocks of a vector core has "
        "one turn, in front of which the flag is set for others",
        ("pair",),
        r"^SetFlag<HardEvent::(V_MTE2|MTE3_V)>",
        target=r"^(DataCopyPad\(S_product_relu_bf16, S_product_relu_bf16_workspace|"
        r"Select<half>\(dy_relu_grad_as_f16)",
    ),
    Equivalent(
        "token-has-a-window",
        "in every window the vector unit is waited for, and a token has one at least",
        ("pair",),
        r"^SetFlag<HardEvent::V_MTE2>",
        target=r"^DataCopyPad\(weights_1,",
    ),
    Equivalent(
        "only-the-sign",
        "of the scores it is only asked which are greater than 0, as they are with or "
        "without relu",
        ("flag",),
        r"^const FixpipeParamsV220 product_out(_\d+)?\{.*, true, QuantMode_t::F322BF16,",
        r"^not reluEn$",
    ),
    Equivalent(
        "half-a-block",
        "a block has room for 64 rows of 128, and a vector core no more than 32 heads",
        ("size",),
        r"LocalTensor<\w+> (dy_relu_grad_positive|S_product_relu_bf16) = ",
    ),
    Equivalent(
        "half-a-block",
        "likewise: what is computed behind the rows, nobody reads",
        ("count",),
        r"^(Cast\(dy_relu_grad_positive_wide, S_product_relu_bf16, |"
        r"Select<half>\(dy_relu_grad_as_f16|"
        r"DataCopy\(dy_repeated_tile(_[1-4]|_[6-9]|_10)?, )",
        r"^count \+ \d+$",
    ),
    Equivalent(
        "half-a-block",
        "likewise: the second half of the rows is copied for nobody",
        ("statement", "count"),
        r"^DataCopy\(dy_repeated_tile_(5|11), ",
        r"^(deleted|count - 16)$",
    ),
    Equivalent(
        "last-stage-ends-in-time",
        "rounds are as many as the last stage needs, a window behind the first: in the "
        "first half of a round it is never behind the last window",
        ("branch",),
        r"^if \(is_window_1\)$",
        r"^condition = 1$",
        core="aic",
    ),
    Equivalent(
        "last-stage-ends-in-time",
        "likewise",
        ("branch",),
        r"^if \(is_window_4\)$",
        r"^condition = 1$",
        core="aiv",
    ),
    Equivalent(
        "window-before-the-first",
        "the sum over the windows begins anew with the first one, and nobody takes the "
        "updates",
        ("branch",),
        r"^if \(has_begun\)$",
        r"^condition = 1$",
        core="aic",
    ),
    Equivalent(
        "loaded-and-written-over",
        "the upper halves of what the block will make, from where it will store them",
        ("statement",),
        r"^DataCopyPad\(query_times_weights_bf16, query_times_weights_bf16_workspace_gm",
        r"^deleted$",
    ),
    Equivalent(
        "ordered-neighbours",
        "what it moves over belongs to another part of a token's work",
        ("offset",),
        r"LocalTensor<\w+> (dw_1|dQ|dW|query_times_weights_rest|dy_relu_grad_product|"
        r"weights_1|dy_relu_grad_positive|"
        r"dy_repeated|dy_1|dk_1|weights_f32|S_product_relu_bf16) = ",
        r"^offset \+ 32$",
    ),
    Equivalent(
        "ordered-neighbours",
        "likewise",
        ("offset",),
        r"LocalTensor<\w+> (dw_1|dq_1|dW_partial|query_f32|S_product_relu_bf16|dy_repeated|"
        r"dy_1|weights_1|weights_f32) = ",
        r"^offset - 32$",
    ),
    Equivalent(
        "zeros-for-no-row",
        "an entry behind the valid ones gets an update of zeros, whatever its row",
        ("value",),
        r"^const DataCopyPadExtParams<int32_t> \w+\{true, 0, \w+, -1\}",
        r"^paddingValue \+ 1$",
        target=r"^DataCopyPad\(indices, ",
    ),
    Equivalent(
        "zeros-for-no-row",
        "likewise",
        ("value",),
        r"^Duplicate<int32_t>\(indices, -1, ",
        r"^scalar \+ 1$",
    ),
)
STREAMED = tuple(replace(each, schedule="optimized") for each in _STREAMED)
