"""What is stored: listed, noted, repeated, deleted."""
