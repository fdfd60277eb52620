"""Data sets that assignments train and test on; `samples/` holds what is embedded."""
