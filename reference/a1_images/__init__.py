"""Solved; built from assignments/a1_images/ by `autograder build`."""
