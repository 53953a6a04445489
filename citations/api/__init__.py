"""The interface for programs: JSON below /api/, read-only, with the lists, filters and rows of the pages."""
