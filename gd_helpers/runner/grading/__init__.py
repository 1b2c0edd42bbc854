"""Chapters for a class: handed out with everyone's own data, and graded when they come back."""
