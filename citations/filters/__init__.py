"""The filters of every list: one strict FilterSet a list, which pages, API, exports and feeds share.

Strict means: every value is checked, and what is not understood is said. See `base` for how problems are answered.
"""
