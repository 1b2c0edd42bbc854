"""Engines: ways to compute the updates of a recipe, all to the same numbers."""
