"""Autograded courses in image processing and deep learning."""

__version__ = "0.1.0"
