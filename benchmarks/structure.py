"""Measures the source tree: file sizes, import cycles, class names that stand twice, variables that name nothing.

    python benchmarks/structure.py [ROOT ...]

ROOT is a checkout; without one, this checkout is measured. Prints a Markdown table with one column per checkout.
Product code is every package that goes into the wheel except the examples. Nothing is imported, only parsed.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PACKAGE = "maieutic"
NOT_PRODUCT = frozenset({"tests", "benchmarks", "docs", "examples", "build", "dist"})
SHORT_FILE = 60
PARTICIPLES = frozenset(
    {
        "one",
        "told",
        "said",
        "found",
        "made",
        "shown",
        "wanted",
        "heard",
        "drawn",
        "kept",
        "asked",
        "given",
        "seen",
        "met",
        "brought",
        "begun",
        "left",
        "known",
        "taken",
    }
)
"""A variable is a noun of its type; none of these says what kind of thing it holds."""
IDIOMATIC = frozenset({"given", "known", "left", "seen"})
"""Allowed where the word is the field's own: `seen: set[str]`, `left, right`."""


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One Python file of the package. `module` is its dotted name; an `__init__` has that of its folder."""

    path: Path
    module: str
    lines: int
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"


def source_files(root: Path) -> list[SourceFile]:
    """The product's files below a checkout, by path."""
    files = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if parts[0] in NOT_PRODUCT or any(part.startswith(".") or part.endswith(".egg-info") for part in parts):
            continue
        names = parts[:-1] if parts[-1] == "__init__" else parts
        text = path.read_text(encoding="utf-8")
        module = ".".join((PACKAGE, *names))
        files.append(SourceFile(path=path, module=module, lines=len(text.splitlines()), tree=ast.parse(text)))
    return files


def imports(files: Iterable[SourceFile], *, lazy: bool = True) -> dict[str, set[str]]:
    """Which module imports which, inside the package. Without `lazy`, only what is imported when a module is loaded:
    no import in a function or under `TYPE_CHECKING`."""
    files = list(files)
    modules = {file.module for file in files}
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for file in files:
        for node in _nodes(file.tree, lazy=lazy):
            graph[file.module] |= {name for name in _imported(node, file, modules) if name != file.module}
    return graph


def _nodes(tree: ast.AST, *, lazy: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if not lazy and (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
        ):
            continue
        yield node
        yield from _nodes(node, lazy=lazy)


def _imported(node: ast.AST, file: SourceFile, modules: set[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in modules)
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parents = file.module.split(".")
            above = node.level - 1 if file.is_package else node.level
            base = ".".join([*parents[: len(parents) - above], *([node.module] if node.module else [])])
        submodules = {f"{base}.{alias.name}" for alias in node.names} & modules
        yield from submodules
        if base in modules and len(submodules) < len(node.names):
            yield base


def cycles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other in a circle, the largest first."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for imported in sorted(graph[module]):
            if imported not in index:
                visit(imported)
                low[module] = min(low[module], low[imported])
            elif imported in stack:
                low[module] = min(low[module], index[imported])
        if low[module] == index[module]:
            start = stack.index(module)
            group = stack[start:]
            del stack[start:]
            if len(group) > 1:
                groups.append(sorted(group))

    sys.setrecursionlimit(max(sys.getrecursionlimit(), 10_000))
    for module in sorted(graph):
        if module not in index:
            visit(module)
    return sorted(groups, key=lambda group: (-len(group), group))


def repeated_classes(files: Iterable[SourceFile]) -> dict[str, list[str]]:
    """Public class names that more than one file defines, with the files' modules."""
    homes: dict[str, set[str]] = defaultdict(set)
    for file in files:
        for node in ast.walk(file.tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].add(file.module)
    return {name: sorted(modules) for name, modules in sorted(homes.items()) if len(modules) > 1}


def participles(files: Iterable[SourceFile], names: frozenset[str] = PARTICIPLES) -> dict[str, list[str]]:
    """Variables, parameters, loop and comprehension targets with such a name: name → places. Fields of a class are
    data and keep their names."""
    places: dict[str, list[str]] = defaultdict(list)
    for file in files:
        fields = {
            id(target)
            for node in ast.walk(file.tree)
            if isinstance(node, ast.ClassDef)
            for statement in node.body
            for target in ast.walk(statement)
            if isinstance(statement, ast.Assign | ast.AnnAssign)
        }
        for node in ast.walk(file.tree):
            name = line = None
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in fields:
                name, line = node.id, node.lineno
            elif isinstance(node, ast.arg):
                name, line = node.arg, node.lineno
            elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
                name, line = node.name, node.lineno
            if name in names:
                places[str(name)].append(f"{file.module}:{line}")
    return dict(sorted(places.items()))


def figures(root: Path) -> dict[str, str]:
    """What the table says of one checkout."""
    files = source_files(root)
    lines = [file.lines for file in files]
    largest = max(files, key=lambda file: file.lines)
    every_cycle, loading_cycles = cycles(imports(files)), cycles(imports(files, lazy=False))
    named = Counter({name: len(places) for name, places in participles(files).items()})
    return {
        "files": f"{len(files):,}",
        "source lines": f"{sum(lines):,}",
        "lines a file, median": f"{median(lines):g}",
        "largest file": f"{largest.lines} ({largest.path.relative_to(root)})",
        f"files below {SHORT_FILE} lines, `__init__` apart": str(
            sum(file.lines < SHORT_FILE and not file.is_package for file in files)
        ),
        "files above 300 lines": str(sum(count > 300 for count in lines)),
        "import cycles when loading: groups (modules)": _sizes(loading_cycles),
        "import cycles, lazy and typing imports too": _sizes(every_cycle),
        "public class names that stand twice or more": str(len(repeated_classes(files))),
        "variables named by a participle or `one`": f"{named.total():,}",
        "the same without given, known, left, seen": f"{sum(named[name] for name in named if name not in IDIOMATIC):,}",
    }


def _sizes(groups: list[list[str]]) -> str:
    return f"{len(groups)} ({', '.join(str(len(group)) for group in groups)})" if groups else "0"


def table(columns: Mapping[str, Mapping[str, str]]) -> str:
    rows = [f"| | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
    first = next(iter(columns.values()))
    rows += [f"| {name} | {' | '.join(column[name] for column in columns.values())} |" for name in first]
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python benchmarks/structure.py", description=__doc__)
    parser.add_argument("roots", nargs="*", type=Path, default=[Path(__file__).resolve().parents[1]])
    options = parser.parse_args()
    print(table({str(root): figures(root) for root in options.roots}))


if __name__ == "__main__":
    main()
