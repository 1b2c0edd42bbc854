"""What every chapter must be: rules, each of which reads one notebook.

A rule takes a notebook and its chapter's name, a key of `PUBLISHED`, and yields a pair for each problem: the cell, or
None where it is not one cell's, and what is wrong, in plain words.
"""
