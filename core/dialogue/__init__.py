"""What agents are asked and what they answer, typed. See `ask.py` for the rules."""

from .ask import Ask, Case, Evidence, Past, Reply
from .methods import (
    AnswerQuestions,
    AskQuestions,
    EditPrompt,
    FindReasons,
    ImproveOnHistory,
    Induce,
    JudgeQuestions,
    Paraphrase,
    PlanPath,
)
from .replies import (
    CasesReply,
    ChoiceReply,
    ItemsReply,
    JudgementReply,
    PathReply,
    PromptReply,
    QuestionsReply,
    RatingReply,
    ReasonsReply,
    TextReply,
)

__all__ = [
    "AnswerQuestions",
    "Ask",
    "AskQuestions",
    "Case",
    "CasesReply",
    "ChoiceReply",
    "EditPrompt",
    "Evidence",
    "FindReasons",
    "ImproveOnHistory",
    "Induce",
    "ItemsReply",
    "JudgeQuestions",
    "JudgementReply",
    "Paraphrase",
    "Past",
    "PathReply",
    "PlanPath",
    "PromptReply",
    "QuestionsReply",
    "RatingReply",
    "ReasonsReply",
    "Reply",
    "TextReply",
]
