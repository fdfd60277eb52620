"""Solved; built from assignments/a2_convolution/ by `autograder build`."""
