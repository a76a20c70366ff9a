"""Library use in six lines: optimize the shipped task on the embedded model."""

from importlib.resources import files

from maieutic import Budget, load_task, optimize

task = load_task(files("maieutic.examples") / "reviews")
result = optimize(task, budget=Budget(calls=200), seed=0)
print(result.report.verdict, result.report.difference)
print(result.prompt.instruction, "+", len(result.prompt.demos), "worked examples")
