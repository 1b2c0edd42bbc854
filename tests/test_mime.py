import subprocess
import sys


def test_who_checks_stored_outputs_loads_neither_explorers_nor_pytorch():
    code = "import sys, gd_helpers.runner.rules.outputs; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"torch", "gd_helpers.explore"} & set(told.split())
