"""Finding what was drawn on axes."""


def line_in(ax, label):
    """Return the one line with this label."""
    (found,) = (line for line in ax.lines if line.get_label() == label)
    return found
