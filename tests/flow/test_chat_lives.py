"""Three nodes under kills of nodes and of Redis, pages that wander, and messages sent twice: by seeds, each of which repeats its decisions."""
import pytest

from chat_lives import random_lives


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_or_repeated_or_out_of_order(seed):
    random_lives(seed, 10)
