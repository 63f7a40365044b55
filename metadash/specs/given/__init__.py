"""What is to be computed of tasks that are given: an owner's examples, not classes that somebody draws."""
