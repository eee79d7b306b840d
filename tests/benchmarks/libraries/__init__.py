"""The libraries that are measured: a module for each, with a class ``Library`` that makes jobs."""

#: Column -> module, in the order of the table. "GEMM sum" is no library but what the machine's BLAS makes possible.
COLUMNS = {
    "GEMM sum": "machine",
    "NumPy": "numpy_plain",
    "scikit-learn": "scikit_learn",
    "PyTorch": "torch_eager",
    "torch.compile": "torch_compiled",
    "JAX": "jax_scan",
    "pyfc": "pyfc_fit",
}
#: Whose fastest is the "best peer".
PEERS = ("NumPy", "scikit-learn", "PyTorch", "torch.compile", "JAX")
