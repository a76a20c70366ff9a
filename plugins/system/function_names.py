"""How a task names a function of a Python file or module."""

from __future__ import annotations

import re

# `module:function` or `path.py:function`; a built-in part that knows its folder imports it.
FUNCTION_NAME = re.compile(r"[\w./\\-]+:[A-Za-z_][\w.]*")
