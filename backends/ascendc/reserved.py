"""Names that C++ or the files around a kernel keep for themselves."""

from __future__ import annotations

from ligrad_ir.errors import LigradError

RESERVED = frozenset(
    """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char class
    compl concept const consteval constexpr const_cast continue decltype default delete
    do double dynamic_cast else enum explicit export extern false float for friend goto
    if inline int long mutable namespace new noexcept not not_eq nullptr operator or
    or_eq private protected public register reinterpret_cast requires return short
    signed sizeof static static_assert static_cast struct switch template this
    thread_local throw true try typedef typeid typename union unsigned using virtual
    void volatile wchar_t while xor xor_eq
    AscendC GM_ADDR half bfloat16_t int8_t int16_t int32_t int64_t uint8_t uint16_t
    uint32_t uint64_t block_idx QuantMode_t std NULL
    """.split()
)
"""What a variable cannot, or had better not, be called."""

LIBRARY = frozenset(
    """
    main abs acos acosh asin asinh atan atanh cbrt ceil cos cosh erf erfc exp expm fabs
    fdim floor fma fmax fmin fmod frexp gamma hypot ilogb ldexp lgamma llrint llround log
    logb lrint lround modf nan nearbyint nextafter pow remainder remquo rint round scalbn
    signbit sin sinh sqrt tan tanh tgamma trunc
    abort atexit atof atoi atol bsearch calloc div exit free getenv labs ldiv malloc qsort
    rand random realloc remove rename srand system
    bcmp bcopy bzero ffs index memchr memcmp memcpy memmove memset rindex strcat strchr
    strcmp strcpy strlen
    fflush getc getchar gets printf putc putchar puts scanf
    isalnum isalpha isblank iscntrl isdigit isgraph islower isprint ispunct isspace isupper
    isxdigit tolower toupper
    alarm clock close dup fork kill link nice open pause pipe raise read select signal
    sleep stat time unlink usleep wait write
    """.split()
)
"""Functions of C: no kernel, which has the linkage of C, can be called like them."""

MEMBERS = frozenset(
    "layout deterministic cores as_vendor ends_on_device workspace tiling tiling_data used"
    " at".split()
)
"""Of the host header's arguments, and what stands beside the arrays in an entry."""

LOCALS = frozenset(
    "all arguments bytes call chip each executor host i kernels launch message ok plan"
    " stream workspace workspaceSize".split()
)
"""What stands beside the parameters in functions of the C interface and their example."""


def _apart(name: str, taken: frozenset[str]) -> str:
    return f"{name}_" if name.rstrip("_") in taken else name


def member(name: str) -> str:
    """An array, a number or an axis of a program, as a field or argument in C++."""
    return _apart(name, RESERVED | MEMBERS)


def local(name: str) -> str:
    """A parameter of the C interface, where a function of C++ takes or passes it."""
    return _apart(name, RESERVED | LOCALS)


def check_kernel(name: str) -> None:
    """Whether a kernel can have a name.

    Raises:
        LigradError: C or C++ has it.
    """
    if name in RESERVED | LIBRARY:
        raise LigradError(
            f"the kernel of this operator would be called {name!r}, which is a name of "
            "C or C++; call the operator otherwise"
        )
