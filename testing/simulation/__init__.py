"""Simulated targets and authors that deal in rules, so that a whole run shows what became of an author's text.

    family = FAMILIES["routing"]
    target, author = RuleFollowingTarget(family), RuleWritingAuthor("markdown")

The target does what the rules in its prompt say. The author finds rules in the failures and examples that a question
shows, and writes them in the style of its kind. All authors know the same: what one gains and another does not was lost
on the way.
"""

from .author import AUTHORS, RuleWritingAuthor
from .families import FAMILIES, TaskFamily
from .target import RuleFollowingTarget

__all__ = ["AUTHORS", "FAMILIES", "RuleFollowingTarget", "RuleWritingAuthor", "TaskFamily"]
