"""The pages on which people see what is held about them, who used it, and what became of their requests."""
