"""What people do to a collection beyond single labels."""
