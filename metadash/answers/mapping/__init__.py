"""What is read off a stored map beside its sentence."""
