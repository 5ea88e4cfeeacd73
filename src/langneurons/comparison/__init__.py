"""Before against after alignment, and one dataset against another (METHOD 4)."""
