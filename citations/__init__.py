"""Hubs, the papers that cite them, and how they use them."""
