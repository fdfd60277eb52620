"""Open a hand-in and grade it."""
