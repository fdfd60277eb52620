"""Solved; built from assignments/a4_mlp/ by `autograder build`."""
