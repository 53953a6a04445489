"""The Django project around the application `citations`."""
