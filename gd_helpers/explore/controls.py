"""What a learner moves: sliders over a recipe, menus, and a player that walks through the epochs."""

import ipywidgets as widgets

from gd_helpers.checks import LARGEST_SEED
from gd_helpers.optimizers import OPTIMIZERS

# The steps of the sliders between one power of ten and the next, or one power of two.
RATES = (1, 1.1, 1.25, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3.2, 3.6, 4, 4.5, 5, 5.6, 6.3, 7, 8, 9)
COUNTS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
BATCHES = (1, 1.5)

LOWEST_RATE, HIGHEST_RATE = 1e-4, 1.0
FRAMES, FRAME_TIME = 120, 50  # the most steps of the player; milliseconds
WIDE = {"description_width": "8.5em"}


class Controls:
    """The widgets of an explorer, and what they say.

    Parameters
    ----------
    recipe : Recipe
        Where they stand at first.

    Attributes
    ----------
    order : tuple of str
        The names of the recipe's controls as they are read, in two columns; None is the menu of what the loss is
        drawn against.
    """

    order = ("learning_rate", "optimizer", "batch_size", None, "epochs", "seed")

    def __init__(self, recipe):
        rate, n = recipe.learning_rate, recipe.n
        rates = logarithmic(min(LOWEST_RATE, rate), max(HIGHEST_RATE, rate), RATES, 10) | {rate}
        # what theory says of batches drawn with replacement is about batches of one size, without a short last one
        sizes = divisors(n) if recipe.replacement else whole(logarithmic(1, n, BATCHES, 2))
        sizes |= {recipe.batch_size, n}
        counts = whole(logarithmic(1, most_epochs(recipe), COUNTS, 10)) | {recipe.epochs, most_epochs(recipe)}
        seed, first = recipe.init_seed, recipe.init_seed // 100 * 100
        self.recipe = {
            "learning_rate": slider("learning rate α", rates, rate, "g"),
            "batch_size": slider("batch size B", sizes, recipe.batch_size, ","),
            "epochs": slider("epochs", counts, recipe.epochs, ","),
            "seed": widgets.IntSlider(seed, first, min(first + 99, LARGEST_SEED), description="seed", style=WIDE),
            "optimizer": widgets.Dropdown(
                options=list(OPTIMIZERS), value=recipe.optimizer, description="optimizer", style=WIDE
            ),
        }
        self.against = widgets.Dropdown(
            options=[("updates", "updates"), ("examples seen", "examples")], description="loss against", style=WIDE
        )
        self.player = widgets.Play(interval=FRAME_TIME, show_repeat=False)
        self.shown = widgets.IntSlider(description="shown epoch", style=WIDE)
        for control in (*self.recipe.values(), self.against, self.shown):
            control.layout.width = "auto"

    def values(self):
        """Return the keywords of `train` that the controls stand at."""
        return {name: control.value for name, control in self.recipe.items()}

    def allow_epochs(self, epochs):
        """Let the player walk from the start to epoch `epochs`, and put it there."""
        self.player.playing = False
        stride = -(-epochs // FRAMES)
        self.player.step = stride
        self.player.max = epochs + stride - 1  # so that its last step reaches the last epoch from wherever it began
        self.shown.max = epochs
        self.shown.value = epochs
        self.player.value = self.player.max

    def follow_player(self):
        """Put the slider of the shown epoch where the player is."""
        self.shown.value = min(self.player.value, self.shown.max)

    def lead_player(self):
        """Put the player where the slider of the shown epoch is; at the end, so that it starts over."""
        at_end = self.shown.value == self.shown.max
        self.player.value = self.player.max if at_end else self.shown.value

    def box(self):
        """Return the rows of controls above the picture, and the one below it."""
        cells = [self.recipe[name] if name else self.against for name in self.order]
        grid = widgets.Layout(grid_template_columns="3fr 2fr", grid_gap="2px 24px", width="100%")
        row = widgets.HBox([self.player, self.shown], layout=widgets.Layout(width="100%", align_items="center"))
        self.shown.layout.flex = "1 1 auto"
        return widgets.GridBox(cells, layout=grid), row


def most_epochs(recipe):
    """Return how far the slider of the epochs goes."""
    return max(1000, 3 * recipe.epochs)


def logarithmic(low, high, steps, base):
    """Return the set of the `steps` times a power of `base` that lie between `low` and `high`."""
    exponent, values = 0, set()
    while float(base) ** exponent > low:
        exponent -= 1
    while float(base) ** exponent <= high:
        power = float(base) ** exponent if base != 10 else float(f"1e{exponent}")
        values |= {float(f"{step * power:.6g}") for step in steps}
        exponent += 1
    return {value for value in values if low <= value <= high}


def divisors(n):
    """Return the set of the whole numbers that divide `n`."""
    small = {i for i in range(1, int(n**0.5) + 1) if n % i == 0}
    return small | {n // i for i in small}


def whole(values):
    """Return the `values` that are whole numbers, as such."""
    return {int(value) for value in values if value == int(value)}


def slider(name, values, value, form):
    """Return a slider over `values`, written in the format `form`, that stands at `value`."""
    options = [(format(each, form), each) for each in sorted(values)]
    return widgets.SelectionSlider(options=options, value=value, description=name, style=WIDE).add_class("gd-steps")
