"""Run an assignment's tests against a student who lives in another process."""
