"""What curators do beyond single labels: each module one kind of work, all through the writers of layers 4 and 5."""
