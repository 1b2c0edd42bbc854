"""Types of outputs that both an explorer and the check of stored outputs name; importing them loads nothing else."""

EXPLORER_MIME = "application/vnd.gd-helpers.explorer+json"
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
