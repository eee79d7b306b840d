"""A plugin built against the frozen first version of the C interface, and what builds it."""
