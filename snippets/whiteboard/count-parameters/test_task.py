from attempt import parameters
from runner import check


def test_without_blocks_and_vocabulary_the_last_norm_remains():
    check(parameters, 0, 8, 0, 2, 0, expected=8)


def test_the_embedding_counts_twice_unless_it_is_tied():
    check(parameters, 10, 8, 0, 2, 0, expected=168)
    check(parameters, 10, 8, 0, 2, 0, tied=True, expected=88)


def test_a_block():
    check(parameters, 0, 8, 1, 2, 0, expected=8 + 4 * 64 + 16)
    check(parameters, 0, 8, 1, 2, 5, expected=8 + 4 * 64 + 3 * 40 + 16)
    check(parameters, 0, 8, 3, 2, 5, expected=8 + 3 * (4 * 64 + 3 * 40 + 16))


def test_grouped_heads_shrink_keys_and_values():
    check(parameters, 0, 8, 1, 4, 0, kv_heads=1, expected=8 + 2 * 64 + 2 * 16 + 16)
    check(parameters, 0, 8, 1, 4, 0, kv_heads=2, expected=8 + 2 * 64 + 2 * 32 + 16)


def test_published_networks():
    check(parameters, 32000, 4096, 32, 32, 11008, expected=6738415616)
    check(parameters, 128256, 4096, 32, 32, 14336, kv_heads=8, expected=8030261248)


def test_heads_that_do_not_divide_are_an_error():
    check(parameters, 10, 10, 1, 4, 8, expected=ValueError)
    check(parameters, 10, 12, 1, 4, 8, kv_heads=3, expected=ValueError)
