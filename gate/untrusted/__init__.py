"""What comes from outside: read it within bounds, and write it so that it does no harm."""
