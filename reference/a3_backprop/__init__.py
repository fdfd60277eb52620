"""Solved; built from assignments/a3_backprop/ by `autograder build`."""
