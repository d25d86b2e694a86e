"""What is equivalent in kernels of either schedule, and of `baseline`."""

from __future__ import annotations

from tests.mutations.pattern import ORDER, Equivalent

PATTERNS = (
    # ---- order
    Equivalent(
        "sync-all-waits",
        "SyncAll begins with a barrier of all pipes of its own; the statement does not "
        "count on it, since its page does not promise it",
        ORDER,
        r"^PipeBarrier<PIPE_ALL>",
        target=r"^SyncAll<",
    ),
    Equivalent(
        "end-of-tpipe",
        "behind it comes the end of the TPipe, which is a barrier of all pipes",
        ORDER,
        r"^PipeBarrier<PIPE_ALL>",
        target=r"^$",
    ),
    Equivalent(
        "sum-has-a-barrier",
        "npu.sum has a barrier of its own behind the zeros that it begins with",
        ORDER,
        r"^PipeBarrier<PIPE_V>",
        target=r"^Duplicate<float>\(\w+_partial, 0.0f, 64L\)",
    ),
    Equivalent(
        "gather-waits",
        "the gather loads behind its zeros, and the store waits for the loads",
        ("pair",),
        r"^SetFlag<HardEvent::V_MTE3>",
        target=r"^DataCopyPad\(key_rows_workspace(_2)?_gm_tile",
        schedule="baseline",
    ),
    Equivalent(
        "more-order-than-needed",
        "a barrier more takes time, and changes nothing",
        ("branch",),
        r"^if \(is_seen(_\d+)?\)$",
        r"^condition = 1$",
    ),
    # ---- the same numbers
    Equivalent(
        "exact-integers",
        "rows are numbered below 2^24: a float holds the number whatever the rounding",
        ("mode",),
        r"^Cast\(present_scratch, indices_",
    ),
    Equivalent(
        "ties",
        "at a tie both neighbours are as near, and nothing else is rounded otherwise; "
        "CAST_NONE, from float to half, is CAST_RINT",
        ("mode",),
        r"^Cast\(.*CAST_RINT",
        r"CAST_(ROUND|NONE)$",
    ),
    Equivalent(
        "not-negative",
        "what comes out of a relu is greater than 0 where it is not 0",
        ("mode",),
        r"^CompareScalar<float>\(\w+_positive, \w+, 0.0f, CMPMODE::GT",
        r"CMPMODE::NE$",
    ),
    Equivalent(
        "one-by-one",
        "two rows of a copy are two copies of a row",
        ("branch",),
        r"^if \(is_pair(_\d+)?\)$",
        r"^condition = 0$",
    ),
    Equivalent(
        "asked-for-ahead",
        "a line of the scalar unit's cache, which is loaded in any case when it is read",
        ("statement", "count", "branch"),
        r"^(DataCachePreload\(|if \(begins_line(_\d+)?\)$)",
    ),
    # ---- more than is needed
    Equivalent(
        "half-a-tile",
        "a tile has room for 128 rows of 128, and there are no more than 64 heads",
        ("size",),
        r"LocalTensor<\w+> lhs_l[01] = ",
    ),
    Equivalent(
        "one-row-of-zeros",
        "of the zeros that are moved to global memory there are more than the one row",
        ("count",),
        r"^Duplicate<\w+>\(zero_row_zero, ",
        r"^count - 16$",
    ),
    Equivalent(
        "zeros-already",
        "the zeros of another type, that lie there, are the same bits",
        ("statement",),
        r"^Duplicate<\w+>\(zero_row_zero, ",
        r"^deleted$",
    ),
    Equivalent(
        "turn-without-a-chunk",
        "a further turn finds no chunk that is left",
        ("loop",),
        r"^for \(int64_t turn(_\d)? = 0L;",
        r"^upper \+ 1$",
    ),
    Equivalent(
        "no-token-behind-the-last",
        "a token is behind the runs before its own, so never behind the last one",
        ("loop",),
        r"^for \(int64_t run(_\d)? = 0L; run(_\d)? < B;",
        r"^upper - 1$",
    ),
    Equivalent(
        "nothing-to-do",
        "the loops inside have no turn then, and the copies no bytes",
        ("branch",),
        r"^if \(has_(some(_\d)?|rows(_\d)?)\)$",
        r"^condition = 1$",
    ),
    Equivalent(
        "last-stage-ends-in-time",
        "rounds are as many as the last stage needs, three turns behind the first: in the "
        "first turn of a round it is never behind the last token",
        ("branch",),
        r"^if \(is_turn_5\)$",
        r"^condition = 1$",
        schedule="baseline",
    ),
    Equivalent(
        "ordered-neighbours",
        "the bytes that it moves over belong to buffers whose statements are ordered with "
        "its own by flags and barriers that stand there for others, and hold nothing then",
        ("offset",),
        r"LocalTensor<\w+> (present|present_scratch|S_times_dy_masked) = ",
        r"^offset \+ 32$",
        schedule="baseline",
    ),
    Equivalent(
        "ordered-neighbours",
        "likewise",
        ("offset",),
        r"LocalTensor<\w+> (dw_1|indices_2|S_times_dy) = ",
        r"^offset - 32$",
        schedule="baseline",
    ),
    Equivalent(
        "ordered-neighbours",
        "likewise: of the two workspaces of this operand only one holds anything at once, "
        "since the stage that makes it and the one that uses it take turns",
        ("offset",),
        r"^GM_ADDR Y_relu_grad_workspace_address = ",
        r"^bytes \+ 32$",
        schedule="baseline",
    ),
    Equivalent(
        "ordered-neighbours",
        "likewise",
        ("offset",),
        r"^GM_ADDR Y_relu_grad_workspace_2_address = ",
        r"^bytes - 32$",
        schedule="baseline",
    ),
    Equivalent(
        "rest-of-the-workspace",
        "the last of the workspaces is a row of 256 bytes, and its part is 512",
        ("offset",),
        r"^GM_ADDR zero_row_address = ",
        r"^bytes \+ 32$",
    ),
    Equivalent(
        "row-of-another-core",
        "the row is loaded, and not added: that has conditions of its own",
        ("branch",),
        r"^if \(is_not_(before|behind)_1\)$",
        r"^condition = 1$",
        deterministic=True,
    ),
    # ---- entries that mean no row: held off three times
    Equivalent(
        "zeros-for-no-row",
        "the row that is gathered for an entry without one is zeros: its score is 0, and "
        "so is the gradient, whether the mask calls it present or not",
        ("statement", "count", "value"),
        r"^Mul\(present_scratch, |^Duplicate<int32_t>\(indices_[12], -1, ",
        r"^(deleted|count - 8|scalar \+ 1)$",
        schedule="baseline",
    ),
    Equivalent(
        "zeros-for-no-row",
        "likewise",
        ("value",),
        r"^CompareScalar<float>\(present, ",
        r"^scalar \+ 1$",
        schedule="baseline",
    ),
    Equivalent(
        "zeros-for-no-row",
        "likewise, and so is the update that its row gets",
        ("value",),
        r"^const DataCopyPadExtParams<int32_t> \w+\{true, 0, \w+, -1\}",
        r"^paddingValue \+ 1$",
        target=r"^DataCopyPad\(indices_[12], ",
        schedule="baseline",
    ),
    Equivalent(
        "mask-for-no-row",
        "behind the valid entries only what is present is kept, and no score is above 0",
        ("statement", "count"),
        r"^Duplicate<\w+>\((dy_1|Y_bf16), |"
        r"DataCopyPadExtParams<\w+> \w+\{true, 0, \w+, static_cast<\w+>\(0.0f\)\}",
        r"^(deleted|count - 16|rightPadding - 1)$",
    ),
)
