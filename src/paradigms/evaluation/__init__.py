"""What is measured of any model."""
