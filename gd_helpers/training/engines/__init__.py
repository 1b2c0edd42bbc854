"""Engines: ways to compute the updates of a recipe, all with the same numbers."""
