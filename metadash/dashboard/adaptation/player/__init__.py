"""The button that plays the steps of an adaptation."""
