"""old-plugin keeps Maieutic's contracts."""

from maieutic.core.dialogue import PromptReply
from maieutic.testing import EvaluatorConformance, OperatorConformance, StrategyConformance

from old_plugin import Brief, Climb, Short


class TestShort(EvaluatorConformance):
    def make(self):
        return Short()


class TestBrief(OperatorConformance):
    def make(self):
        return Brief()

    def say(self, ask):
        return PromptReply(prompt="Name the colour.")


class TestClimb(StrategyConformance):
    def make(self):
        return Climb()
