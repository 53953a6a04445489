"""What people decide: which citation comes next, and what a decision does."""
