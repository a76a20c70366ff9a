"""Statistics: tests, intervals, shrinkage, pooled estimates, label bias, privacy accounting."""
