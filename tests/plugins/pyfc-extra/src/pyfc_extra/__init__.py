"""Components for pyfc: snake and sparsemax_loss in NumPy, crelu and poly1 in Cython, maxout in C.

Nothing is imported here: pyfc finds the components by their entry points, and loads one when its name is asked for.
"""
