"""The systems that the pages speak of, one file each."""
