"""Make the course's marks and fixtures known to pytest."""

pytest_plugins = ["coursekit.plugin"]
