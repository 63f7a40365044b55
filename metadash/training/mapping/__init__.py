"""What a map is made of beside its points: the plane that they lie on, and what the learner takes for what."""
