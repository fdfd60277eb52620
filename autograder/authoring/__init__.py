"""From one source file to starter, reference, notebooks and known mistakes."""
