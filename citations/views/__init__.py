"""The public pages: one module for each family. Every page is a GET, keeps its state in its address, sets no cookie."""
