"""What a fence on a page is replaced by."""
