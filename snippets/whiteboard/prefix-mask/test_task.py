from attempt import packed_prefix_mask
from runner import check


def table(text):
    """A mask from rows of x and dots."""
    return [[cell == "x" for cell in row] for row in text.split()]


def test_one_document():
    check(packed_prefix_mask, [(2, 3)], expected=table("xx. xx. xxx"))
    check(packed_prefix_mask, [(3, 5)], expected=table("xxx.. xxx.. xxx.. xxxx. xxxxx"))


def test_the_extremes_are_causal_and_bidirectional():
    check(packed_prefix_mask, [(0, 3)], expected=table("x.. xx. xxx"))
    check(packed_prefix_mask, [(1, 3)], expected=table("x.. xx. xxx"))
    check(packed_prefix_mask, [(3, 3)], expected=table("xxx xxx xxx"))


def test_nothing_is_visible_across_documents():
    check(packed_prefix_mask, [(0, 1), (0, 1)], expected=table("x. .x"))
    packed = table("xx... xx... ..xx. ..xx. ..xxx")
    check(packed_prefix_mask, [(2, 2), (2, 3)], expected=packed)


def test_a_document_may_be_empty():
    check(packed_prefix_mask, [], expected=[])
    check(packed_prefix_mask, [(0, 0), (1, 1)], expected=[[True]])


def test_a_prefix_longer_than_its_document_is_an_error():
    check(packed_prefix_mask, [(1, 2), (3, 2)], expected=ValueError)
