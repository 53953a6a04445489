"""A classifier of citing sentences: text in, probabilities of roles out. Pure: no database, and no package besides.

`model` says how likely each role is, from one sentence or from all of a citation; `shipped` and `files` give models.
`training` alone needs scikit-learn and is imported by the command that trains, so that no web process loads it.
"""
