"""Solved; built from assignments/a5_cnn/ by `autograder build`."""
