"""The command line ``python -m gd_helpers``: chapters run by papermill, swept, refreshed and checked."""
