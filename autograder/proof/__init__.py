"""Show that a suite grades what it claims."""
