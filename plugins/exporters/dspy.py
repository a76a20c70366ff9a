"""The prompt as a DSPy module that sends exactly the measured messages."""

from __future__ import annotations

from ...core.program import Program
from ...core.report import Report
from .message_templates import export_mark, prompt_templates, variable_names
from .python_module import module_docstring, source_lines

_MODULE_CODE = '''

class Exact(dspy.Adapter):
    """Says the optimized messages, word for word, in place of DSPy's own layout; reads the whole answer."""

    def format(self, signature, demos, inputs):
        return [
            {"role": role, "content": "".join(p if isinstance(p, str) else str(inputs[p[0]]) for p in pieces)}
            for role, pieces in TURNS
        ]

    def parse(self, signature, completion):
        return {"answer": completion.strip()}


class Optimized(dspy.Module):
    """`Optimized()(NAMES)` gives a prediction with `answer`, by the LM that DSPy is configured with."""

    def __init__(self):
        super().__init__()
        self.predict = dspy.Predict(dspy.Signature(SIGNATURE, INSTRUCTIONS))

    def forward(self, **inputs):
        with dspy.context(adapter=Exact()):
            return self.predict(**inputs)
'''


class DspyExporter:
    """Python source of a `dspy.Module` for `dspy.Evaluate`, an optimizer's student, or a larger program.

    DSPy's own adapter would lay the prompt out differently, so the module has an adapter that sends the measured
    messages. It supports one prompt; the answer is the whole text of the reply.
    """

    name = "dspy"
    suffix = ".py"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        (turns,) = prompt_templates(program, self.name, several=False).values()
        names = variable_names(turns)
        head = [
            f"# {export_mark(self.name)}",
            module_docstring(task_name, report),
            "",
            "import dspy",
            "",
            f"INSTRUCTIONS = {program.main.instruction!r}",
            f"SIGNATURE = {', '.join(names) + ' -> answer'!r}",
            "TURNS = [",
            *(line for turn in turns for line in source_lines(turn, 4)),
            "]",
        ]
        used = ", ".join(f"{name}=..." for name in names)
        return "\n".join(head) + "\n" + _MODULE_CODE.replace("(NAMES)", f"({used})")
