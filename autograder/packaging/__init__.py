"""Starter kits, Otter zips and the built folders."""
