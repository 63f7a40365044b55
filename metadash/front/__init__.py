"""The front door: what ``import metadash`` gives and what the verbs call, a function a file with what it gives back."""
