"""Statistics of scores: tests, intervals, shrinkage, and the models of answers behind pooled estimates."""
