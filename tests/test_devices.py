import pytest
import torch

from gd_helpers.devices import find_device


@pytest.fixture
def cuda_devices(monkeypatch):
    """Return a function that makes PyTorch report that number of CUDA devices."""

    def pretend(count):
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)

    return pretend


def test_auto_is_the_cpu_where_there_is_no_cuda_device(cuda_devices):
    cuda_devices(0)
    assert find_device() == find_device("auto") == torch.device("cpu")


def test_auto_is_cuda_where_there_is_one(cuda_devices):
    cuda_devices(1)
    assert find_device("auto").type == "cuda"


@pytest.mark.parametrize("name", ["cpu", "cuda", "cuda:0", "cuda:1"])
def test_a_device_that_exists_is_found_by_its_name(cuda_devices, name):
    cuda_devices(2)
    assert find_device(name) == find_device(torch.device(name)) == torch.device(name)


# torch.device("cuda:200") is a device with the index 65480.
@pytest.mark.parametrize("name", ["cuda:2", "cuda:12", "cuda:200", "cuda:99999999999"])
def test_a_cuda_device_beyond_the_last_is_refused_with_those_that_exist(cuda_devices, name):
    cuda_devices(2)
    allowed = "device must be one of 'auto', 'cpu', 'cuda', 'cuda:0', 'cuda:1' on this machine"
    with pytest.raises(ValueError, match=f"^{allowed}, got '{name}'$"):
        find_device(name)


@pytest.mark.parametrize("name", ["cuda", "cuda:0"])
def test_cuda_is_refused_where_there_is_none(cuda_devices, name):
    cuda_devices(0)
    with pytest.raises(ValueError, match=f"^device must be one of 'auto', 'cpu' on this machine, got '{name}'$"):
        find_device(name)


BAD_NAMES = [
    "gpu9",
    "",
    "CPU",
    "cpu:0",
    "cpu\n",
    "cuda:",
    "cuda:01",
    "cuda:-1",
    "cuda:٣",
    "mps",
    "x",
    -1,
    0,
    None,
    True,
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
def test_another_name_is_refused_with_those_that_are_allowed(cuda_devices, name):
    cuda_devices(2)
    with pytest.raises(ValueError, match=r"^device must be 'auto', 'cpu', 'cuda' or 'cuda:N', got ") as refusal:
        find_device(name)
    assert str(refusal.value).endswith(f"got {name!r}")
