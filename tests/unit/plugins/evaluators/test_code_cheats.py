"""Generated code passes a test by computing what is asked for, and by nothing else."""

from __future__ import annotations

import pytest
from maieutic.core.dataset import Example
from maieutic.core.models import Output
from maieutic.core.score import Score
from maieutic.plugins.evaluators.code import CodeEvaluator
from maieutic.plugins.evaluators.code_sandbox import Limits, network_isolated, run_python, run_test


async def score(code: str, *tests: str, **options: float) -> Score:
    row = Example(input="x", metadata={"tests": list(tests)})
    return await CodeEvaluator(**options).evaluate(row, Output(text=f"```python\n{code}\n```"), None)  # type: ignore[arg-type]


EQUAL_TO_ALL = """
class Any:
    def _yes(self, *args): return True
    def _self(self, *args): return self
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __bool__ = _yes
    __ne__ = lambda self, other: False
    __sub__ = __rsub__ = __add__ = __radd__ = __abs__ = __call__ = __getattr__ = _self
    __hash__ = lambda self: 0
add = lambda a, b: Any()
"""
CHEATS = {
    "an object equal to everything": EQUAL_TO_ALL,
    "a subclass of int": "class I(int):\n    def __eq__(s, o): return True\n    __hash__ = int.__hash__\n"
    "add = lambda a, b: I(0)",
    "an end at once": "import os\nos._exit(0)",
    "an orderly end": "raise SystemExit(0)",
    "an end inside the call": "import os\nadd = lambda a, b: os._exit(0)",
    "SystemExit inside the call": "def add(a, b): raise SystemExit(0)",
    "a word at exit": "import atexit, os\natexit.register(lambda: [os.write(f, b'passed') for f in range(1, 20)])",
    "the word on every pipe": "import os\nfor f in range(1, 64):\n    try: os.write(f, b'passed\\n')\n"
    "    except OSError: pass\nadd = lambda a, b: None",
    "replaced builtins": "import builtins\nbuiltins.AssertionError = Exception\nbuiltins.exec = lambda *a: None\n"
    "add = lambda a, b: None",
    "another comparison for all": "import operator\noperator.eq = lambda a, b: True\nadd = lambda a, b: object()",
    "the test's text": "import pathlib\nfiles = [p for p in pathlib.Path('..').glob('cell-*/*') if p.is_file()]\n"
    "texts = [p.read_text(errors='replace') for p in files]\n"
    "add = lambda a, b: a + b if any(str(4320 + 1) in t for t in texts) else 0",
    "the memory of others": "import glob\nseen = b''\nfor p in glob.glob('/proc/[0-9]*/cmdline'):\n"
    "    try: seen += open(p, 'rb').read() + open(p.replace('cmdline', 'environ'), 'rb').read()\n"
    "    except OSError: pass\nadd = lambda a, b: a + b if str(4320 + 1).encode() in seen else 0",
}


@pytest.mark.parametrize("cheat", CHEATS)
async def test_a_cheat_passes_nothing(cheat: str) -> None:
    result = await score(CHEATS[cheat], "assert add(4000, 321) == 4321", seconds=10)
    assert result.value == 0
    assert result.feedback


async def test_a_tolerance_is_no_way_round() -> None:
    test = "assert abs(add(1, 2) - 3) < 1e-6"
    assert (await score(EQUAL_TO_ALL, test)).value == 0
    assert (await score("add = lambda a, b: a + b", test)).value == 1


RIGHT = {
    "a function": ("def f(x): return [x, {'a': (1, 2.5)}, {3}]", "assert f('ü') == ['ü', {'a': (1, 2.5)}, {3}]"),
    "a check with a candidate": (
        "def add(a, b):\n    return a + b",
        "def check(candidate):\n    for n in range(3):\n        assert candidate(n, 1) == n + 1\ncheck(add)",
    ),
    "a list changed in place": ("def s(x): x.sort()", "x = [3, 1, 2]\ns(x)\nassert x == [1, 2, 3]"),
    "a function as an argument": ("def f(g, x): return g(x) + 1", "assert f(lambda n: n * 2, 5) == 11"),
    "an error": (
        "class Bad(ValueError): pass\ndef f(x):\n    raise Bad('no')",
        "try:\n    f(1)\nexcept Bad as e:\n    assert str(e) == 'no'\nelse:\n    raise AssertionError",
    ),
    "an error of Python's": (
        "def f(x): return 1 / x",
        "try:\n    f(0)\n    assert False\nexcept ZeroDivisionError: pass",
    ),
    "a class": (
        "class V:\n    def __init__(self, x): self.x = x\n    def __add__(self, o): return V(self.x + o.x)\n"
        "    def __eq__(self, o): return self.x == o.x\n    def __len__(self): return self.x\n"
        "    def __getitem__(self, i): return i * self.x\n",
        "v = V(1) + V(2)\nassert v.x == 3 and v == V(3) and v != V(4)\nassert len(v) == 3 and v[2] == 6\n"
        "v.x = 9\nassert v.x == 9 and isinstance(v, V) and not isinstance(v, int)",
    ),
    "a generator": (
        "def g(n):\n    for i in range(n): yield i",
        "assert list(g(4)) == [0, 1, 2, 3]\nassert next(g(1)) == 0\nassert 2 in g(3)",
    ),
    "numbers of all kinds": (
        "import decimal\ndef f(x): return x\ndef h(): return decimal.Decimal('1.10')",
        "for x in (10**30, -0.0, float('inf'), 2j, True, None, b'a', 'a\\x00', frozenset([1])):\n    assert f(x) == x\n"
        "from decimal import Decimal\nassert h() == Decimal('1.1') and f(2) is not True",
    ),
    "what it prints": (
        "def hi(): print('hello')",
        "import io, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n    hi()\n"
        "assert out.getvalue() == 'hello\\n'",
    ),
    "a module of the code": (
        "import math\ndef area(r): return math.pi * r * r",
        "assert math.isclose(area(1), math.pi)",
    ),
    "a constant": ("PRIMES = [2, 3, 5]\nNAMES = {'a': 1}", "assert PRIMES == [2, 3, 5] and NAMES['a'] == 1"),
    "no name of its own": ("x = 1", "assert True"),
}


@pytest.mark.parametrize("case", RIGHT)
async def test_right_code_passes(case: str) -> None:
    code, test = RIGHT[case]
    result = await score(code, test, seconds=20)
    assert (result.value, result.feedback) == (1.0, None)


@pytest.mark.parametrize("case", ["a function", "a check with a candidate", "a class", "a generator"])
async def test_code_that_returns_something_else_fails(case: str) -> None:
    code, test = RIGHT[case]
    wrong = code.replace("return", "return 7 if True else").replace("yield i", "yield 8")
    assert (await score(wrong, test, seconds=20)).value == 0


async def test_the_reason_is_that_of_the_code() -> None:
    assert (await score("def f(:", "assert f() == 1")).feedback == "test 1: SyntaxError: invalid syntax"
    missing = (await score("x = 1", "assert f() == 1")).feedback
    assert missing == "test 1: NameError: name 'f' is not defined"
    assert (await score("f = lambda: 2", "assert f() == 1")).feedback == "test 1: AssertionError"


@pytest.mark.skipif(not network_isolated(), reason="no user namespaces here")
def test_a_fork_bomb_ends_at_once() -> None:
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n"
    ran = run_python(bomb, seconds=20)
    assert not ran.succeeded
    assert "more than 32 processes" in ran.stopped


def test_processes_share_one_limit_of_memory() -> None:
    many = "import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n        break\nx = bytearray(60 * 2**20)\n"
    ran = run_python(many + "x[::4096] = b'1' * len(x[::4096])\ntime.sleep(20)\n", seconds=20, megabytes=200)
    assert not ran.succeeded
    assert ran.stopped == "its processes took more than 200 megabytes together"


def test_code_that_was_ended_for_its_processes_passes_no_test() -> None:
    many = "import os, time\nfor _ in range(40):\n    if os.fork() == 0:\n        time.sleep(20)\n"
    code = f"{many}f = lambda: time.sleep(3) or 1"
    outcome = run_test(code, "assert f() == 1", Limits(seconds=10))
    assert not outcome.passed
