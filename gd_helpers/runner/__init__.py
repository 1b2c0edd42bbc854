"""The command line: run, refresh and sweep the chapters, with papermill underneath."""
