"""All stored runs together: the index that lists them at once, what people write beside them, and how they leave."""
