"""``python -m gd_helpers.training.engines`` compiles every kernel, so that later processes load them from disk."""

from gd_helpers.training.engines.compiled import warm_up

if __name__ == "__main__":
    warm_up()
