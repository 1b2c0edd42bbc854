import torch

from gd_helpers.torch_state import RandomStream


def test_a_stream_continues_where_it_was_and_the_global_generator_too(global_random_state):
    before, stream, drawn = global_random_state(), RandomStream(5), []
    for _ in range(3):
        with stream.installed():
            drawn.append(torch.rand(2))
        assert global_random_state() == before
    generator = torch.Generator().manual_seed(5)
    assert torch.equal(torch.cat(drawn), torch.cat([torch.rand(2, generator=generator) for _ in range(3)]))
