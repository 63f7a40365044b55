"""Readers of what others have agreed on: Hugging Face folders, COCO, Croissant, Frictionless, attribute benchmarks, our own exports."""
