"""What each system can do, found out by trying, family by family."""
