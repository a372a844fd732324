from attempt import cache_bytes
from runner import check


def test_keys_and_values():
    check(cache_bytes, 1, 1, 1, 1, expected=4)
    check(cache_bytes, 3, 5, 7, 11, expected=2 * 2 * 3 * 5 * 7 * 11)
    check(cache_bytes, 3, 5, 7, 0, expected=0)


def test_batch_and_size_of_a_number():
    check(cache_bytes, 1, 1, 1, 1, batch=3, expected=12)
    check(cache_bytes, 1, 1, 1, 1, bytes_each=1, expected=2)
    check(cache_bytes, 1, 1, 1, 1, batch=3, bytes_each=4, expected=24)


def test_published_networks():
    check(cache_bytes, 32, 32, 128, 4096, expected=2**31)
    check(cache_bytes, 32, 8, 128, 8192, expected=2**30)


def test_a_window_limits_every_layer():
    check(cache_bytes, 2, 1, 1, 100, window=10, expected=80)
    check(cache_bytes, 2, 1, 1, 10, window=100, expected=80)


def test_some_layers_are_global():
    check(cache_bytes, 6, 1, 1, 100, window=10, global_every=6, expected=4 * 150)
    check(cache_bytes, 6, 1, 1, 100, window=10, global_every=2, expected=4 * 330)
    check(cache_bytes, 6, 1, 1, 100, window=10, global_every=1, expected=4 * 600)
    check(cache_bytes, 6, 1, 1, 5, window=10, global_every=3, expected=4 * 30)


def test_an_incomplete_group_ends_with_local_layers():
    check(cache_bytes, 8, 1, 1, 100, window=10, global_every=6, expected=4 * 170)
    check(cache_bytes, 5, 1, 1, 100, window=10, global_every=6, expected=4 * 50)
