"""An engine for papermill that runs on after a cell that raised, and keeps no more output than it may."""

from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines

from gd_helpers.runner.watchdog import kill_descendants

NAME = "limited"


class OutputLimitError(Exception):
    """The notebook printed and showed more than it may."""


class LimitedClient(PapermillNotebookClient):
    """A client that kills its kernel when the outputs of all cells are longer than `limit` characters."""

    def __init__(self, *arguments, limit, **options):
        super().__init__(*arguments, allow_errors=True, **options)
        self.limit = self.left = limit

    def process_message(self, msg, *arguments):
        """Process a message of the kernel, unless it is an output too many."""
        if msg["msg_type"] not in ("status", "execute_input"):
            if self.left < 0:
                return None
            self.left -= len(repr(msg["content"]))
            if self.left < 0:
                kill_descendants()
                return None
        return super().process_message(msg, *arguments)

    def execute(self, **options):
        """Execute the notebook.

        Raises
        ------
        OutputLimitError
            If the kernel was killed for its output.
        """
        try:
            return super().execute(**options)
        except DeadKernelError:
            if self.left < 0:
                raise OutputLimitError(f"printed or showed more than {self.limit / 1e6:g} MB") from None
            raise


class LimitedEngine(Engine):
    """The engine that has a `LimitedClient` execute a notebook."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man, kernel_name, *, start_timeout, execution_timeout, output_limit, **options
    ):
        """Execute a notebook whose outputs may have `output_limit` MB; times are in seconds."""
        times = {
            "startup_timeout": start_timeout,
            "timeout": execution_timeout,
            "iopub_timeout": options["iopub_timeout"],
        }
        return LimitedClient(nb_man, kernel_name=kernel_name, limit=output_limit * 1e6, **times).execute()


papermill_engines.register(NAME, LimitedEngine)
