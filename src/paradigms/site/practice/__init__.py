"""Practice: an attempt at a whiteboard task is run against the tests of the task."""
