"""The numbers in the rules of the hub classes, each with its reason."""

# Changes with every change of a rule or a threshold, so that a recorded class says by which rules it was named.
RULES_VERSION = 2

# A role names the class when more than half use the paper so: then no other role can, and the word "most" is true.
MAJORITY = 0.5

# At 20 the range of a share of a half still spans 40 points (30–70%); below that it says next to nothing.
ENOUGH = 20

# Few papers say that they dispute another one, so that a certain 5% is a lot; a bar of 2% would let 2 of 20 decide.
CONTESTED_SHARE = 0.05

# As for roles.
CONTESTED_ENOUGH = 20

# Above this share of coarse labels, the plain phrase would say more than most of the labels do.
COARSE_SHARE = 0.5

# Fewer audited papers with a role do not name a class, for the reason of `ENOUGH`.
AUDIT_ENOUGH = 20

# An audit speaks of the papers that were there to be drawn. Once more than a fifth of those known now came later, these
# could turn most majorities by themselves, and the audit names no class any more.
AUDIT_STILL_COVERS = 0.8
