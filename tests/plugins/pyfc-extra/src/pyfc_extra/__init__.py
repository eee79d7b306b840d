"""Components for pyfc, each in another language: snake (NumPy), sparsemax and focal (Cython), maxout (C).

Nothing is imported here: pyfc finds the components by their entry points, and loads one when its name is asked for.
"""
