"""What each torch function does to values: a view, a write, an export, a switch, or none of our business."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

Function = Callable[..., Any]


class Kind(IntEnum):
    """How the tape treats a function."""

    SKIP = 0
    PLAIN = 1
    VIEW = 2
    MAYBE_VIEW = 3
    WRITE = 4
    EXPORT = 5
    DATA_SET = 6
    GRAD_GET = 7
    GRAD_SET = 8
    GRAD_MODE = 9
    FLAG_SET = 10
    FRESH = 11
    FOREACH_WRITE = 12


_VIEWS = frozenset(
    "view view_as t transpose permute squeeze unsqueeze expand expand_as narrow select split chunk unbind "
    "unflatten diagonal movedim moveaxis swapaxes swapdims as_strided split_with_sizes tensor_split unfold "
    "detach alias hsplit vsplit dsplit adjoint view_as_real view_as_complex broadcast_to".split()
)
_VIEW_PROPERTIES = frozenset("data T mT H mH real imag".split())
_MAYBE_VIEWS = frozenset(
    "reshape flatten contiguous to float double half bfloat16 cpu cuda type __getitem__ reshape_as ravel "
    "type_as atleast_1d atleast_2d broadcast_tensors".split()
)
_EXPORTS = frozenset(
    "numpy __array__ tolist item __float__ untyped_storage storage __dlpack__ to_dlpack __complex__".split()
)
_SKIPPED = frozenset(
    "dim size numel nelement stride ndimension storage_offset is_contiguous is_floating_point is_complex "
    "element_size __len__ get_device register_hook register_post_accumulate_grad_hook retain_grad data_ptr "
    "is_tensor is_storage __repr__ __str__ __format__ __hash__ is_same_size __bool__ __int__ __index__ "
    "__contains__ _is_view is_shared is_pinned type_name allclose equal is_nonzero __dir__ __reduce_ex__ "
    "__setstate__ backward grad has_names _record_function_enter_new _RecordFunction __call__ is_inference "
    "is_set_to result_type can_cast promote_types get_default_dtype is_grad_enabled isinstance "
    "share_memory_ record_stream is_signed is_conj is_neg _version save load".split()
)
_RECORD_FUNCTIONS = ("_record_function_enter", "_record_function_exit")
_FRESH = frozenset(
    "zeros ones empty full rand randn randint randperm arange linspace logspace eye tril_indices "
    "triu_indices zeros_like ones_like empty_like full_like rand_like randn_like randint_like new_zeros "
    "new_ones new_empty new_full normal bernoulli multinomial from_numpy frombuffer".split()
)
SHAPE_GIVERS = frozenset({"view_as", "expand_as", "reshape_as", "type_as"})
"""Functions whose second tensor gives its shape or type, and no values."""
OVERWRITES = frozenset(
    "copy_ zero_ fill_ normal_ uniform_ random_ exponential_ bernoulli_ set_ kaiming_uniform_ "
    "kaiming_normal_ xavier_uniform_ xavier_normal_ orthogonal_ constant_ ones_ zeros_ trunc_normal_ eye_ "
    "dirac_ sparse_".split()
)
"""Writes that leave nothing of the old values."""
REPLACEMENTS = OVERWRITES | frozenset(
    "__setitem__ masked_fill_ index_fill_ index_copy_ scatter_ masked_scatter_ index_put_ alias".split()
)
"""Writes that put something else in the place of some elements, or of all."""

LIST_JOINS = frozenset("cat concat concatenate stack hstack vstack column_stack".split())
"""Functions that put together the tensors of a list."""
REARRANGEMENTS = LIST_JOINS | frozenset(
    "where pad roll flip repeat tile index_select gather repeat_interleave __setitem__ take masked_select "
    "tril triu masked_fill".split()
)
"""Functions that only move elements about: their arguments tell which."""
IMPORTERS = frozenset(
    "tensor as_tensor asarray from_numpy frombuffer full scalar_tensor new_tensor new_full".split()
)
"""Functions that may make a tensor of what has left torch."""
CLEARING = frozenset({"zero_", "_foreach_zero_", "fill_"})
SCALING = frozenset({"mul_", "_foreach_mul_"})

INTEGER_LIKE = frozenset(
    "argmax argmin argsort round floor ceil trunc sign sgn gt lt ge le eq ne __gt__ __lt__ __ge__ __le__ "
    "__eq__ __ne__ long int short byte char bool one_hot bincount searchsorted bucketize floor_divide "
    "__floordiv__ frac heaviside count_nonzero nonzero isnan isinf isfinite signbit logical_not logical_and "
    "logical_or histc histogram unique fix rint multinomial bernoulli quantize_per_tensor topk".split()
)
ZERO_DERIVATIVE = frozenset(
    "round floor ceil trunc sign sgn fix rint floor_divide __floordiv__ round_ sign_ floor_ ceil_".split()
)
"""Functions that autograd does record, with a derivative of zero everywhere."""

SINGULAR = frozenset(
    "sqrt rsqrt norm vector_norm linalg_norm linalg_vector_norm log log2 log10 logsumexp acos asin atanh pow "
    "__pow__ __rpow__ div __truediv__ __rtruediv__ true_divide reciprocal normalize std var atan2 cdist "
    "pairwise_distance dist exp softmax log_softmax sqrt_ log_ div_ __itruediv__".split()
)
"""Functions that have points without a finite value or derivative."""
DIVISIONS = frozenset("div __truediv__ true_divide".split())
POWERS = frozenset("pow __pow__".split())
MASKS = frozenset("masked_fill full full_like new_full triu tril where".split())
"""Functions that people give -inf to on purpose."""

SLOTS: dict[str, tuple[str, ...]] = {
    "linear": ("input", "weight", "bias"),
    "bilinear": ("input1", "input2", "weight", "bias"),
    "conv1d": ("input", "weight", "bias"),
    "conv2d": ("input", "weight", "bias"),
    "conv3d": ("input", "weight", "bias"),
    "conv_transpose1d": ("input", "weight", "bias"),
    "conv_transpose2d": ("input", "weight", "bias"),
    "conv_transpose3d": ("input", "weight", "bias"),
    "embedding": ("input", "weight"),
    "embedding_bag": ("input", "weight"),
    "layer_norm": ("input", "normalized_shape", "weight", "bias"),
    "group_norm": ("input", "num_groups", "weight", "bias"),
    "batch_norm": ("input", "running_mean", "running_var", "weight", "bias"),
    "instance_norm": ("input", "running_mean", "running_var", "weight", "bias"),
    "rms_norm": ("input", "normalized_shape", "weight"),
    "prelu": ("input", "weight"),
    "matmul": ("left", "right"),
    "__matmul__": ("left", "right"),
    "__rmatmul__": ("right", "left"),
    "mm": ("left", "right"),
    "bmm": ("left", "right"),
    "mv": ("left", "right"),
    "addmm": ("bias", "left", "right"),
    "baddbmm": ("bias", "left", "right"),
    "einsum": ("equation",),
    "vecdot": ("left", "right"),
    "linalg_vecdot": ("left", "right"),
    "mul": ("left", "right"),
    "__mul__": ("left", "right"),
    "__rmul__": ("right", "left"),
    "multiply": ("left", "right"),
    "add": ("left", "right"),
    "__add__": ("left", "right"),
    "__radd__": ("right", "left"),
    "addcmul": ("bias", "left", "right"),
}
"""Functions that take weights: the names of their arguments in order."""

NAMED_WEIGHTS = frozenset({"weight", "bias"})
CONTRACTIONS = frozenset(
    "matmul __matmul__ __rmatmul__ mm bmm mv addmm baddbmm einsum tensordot inner dot vecdot "
    "linalg_vecdot".split()
)
LAYERS = frozenset("linear conv1d conv2d conv3d bilinear gru lstm conv_transpose2d".split())
PICKERS = frozenset({"__getitem__", "index_select", "take", "gather"})
"""Functions that take elements out of their first argument."""
SCALINGS = frozenset("mul __mul__ __rmul__ multiply addcmul".split())
ADDITIONS = frozenset("add __add__ __radd__".split())


def name_of(function: Function) -> str:
    """The function's plain name; `data.__get__` for the reading of a property."""
    name = getattr(function, "__name__", "") or type(function).__name__
    if name in ("__get__", "__set__", "__delete__"):
        owner = getattr(function, "__self__", None)
        return f"{getattr(owner, '__name__', '?')}.{name}"
    return name


def is_inplace_name(name: str) -> bool:
    """Whether torch's naming says that the function changes its first argument."""
    if name in ("__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__", "__imatmul__", "__ipow__"):
        return True
    return name.endswith("_") and not name.endswith("__")


def classify(function: Function) -> tuple[Kind, str]:
    """The kind and the name of a torch function."""
    name = name_of(function)
    if name.endswith(".__get__"):
        attribute = name[: -len(".__get__")]
        if attribute in _VIEW_PROPERTIES:
            return Kind.VIEW, attribute
        if attribute in ("grad", "_grad"):
            return Kind.GRAD_GET, attribute
        return Kind.SKIP, name
    if name.endswith((".__set__", ".__delete__")):
        attribute = name.rsplit(".", 1)[0]
        if attribute == "data":
            return Kind.DATA_SET, name
        if attribute in ("grad", "_grad"):
            return Kind.GRAD_SET, name
        return (Kind.FLAG_SET if attribute == "requires_grad" else Kind.SKIP), name
    return _classify_named(name), name


def _classify_named(name: str) -> Kind:
    if name == "_set_grad_enabled":
        return Kind.GRAD_MODE
    if name == "requires_grad_":
        return Kind.FLAG_SET
    if name in _SKIPPED or name.startswith(_RECORD_FUNCTIONS):
        return Kind.SKIP
    if name in _EXPORTS:
        return Kind.EXPORT
    if name in _VIEWS:
        return Kind.VIEW
    if name in _MAYBE_VIEWS:
        return Kind.MAYBE_VIEW
    if name.startswith("_foreach_") and name.endswith("_"):
        return Kind.FOREACH_WRITE
    if is_inplace_name(name):
        return Kind.WRITE
    return Kind.FRESH if name in _FRESH else Kind.PLAIN
