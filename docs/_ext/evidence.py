"""The evidence for a claim: the code that checked it, what was found, and how to check it with other parameters."""

import ast

from gd_helpers.lesson.numbers import read_numbers

CHECKERS = ("claim", "check")


class Counter:
    """Numbers the claims of a chapter in the order in which it makes them."""

    def __init__(self, chapter):
        self.chapter, self.count = chapter, 0

    def with_evidence(self, claim, source):
        """Return the stored `claim` of a cell with `source`, with its id in the page and its evidence."""
        self.count += 1
        return {
            "id": f"claim-{self.count}",
            "statement": claim["statement"],
            "holds": claim["holds"],
            "found": describe_found(claim),
            "code": find_code(source, claim["statement"]),
            "command": f"python -m gd_helpers run {self.chapter} -p seed 1",
        }


def describe_found(claim):
    """Return what was found for the numbers of a claim's statement, in words.

    Examples
    --------
    >>> describe_found({"statement": "It falls to 52.57, less than 60", "found": [52.57, {"less than": 60.0}]})
    '52.57; less than 60'
    """
    parts = []
    for number, found in zip(read_numbers(claim["statement"]), claim.get("found", []), strict=False):
        if isinstance(found, dict):
            parts += [f"{relation} {number.text}" for relation in found]
        else:
            parts.append(number.text if not isinstance(found, str) and number.shows(found) else str(found))
    return "; ".join(parts) or f"the condition is {claim['holds']}"


def find_code(source, statement):
    r"""Return the lines of a cell that lead to the check of `statement`: all but the other checks.

    Examples
    --------
    >>> print(find_code('a = 2 + 2\nclaim("Four", a == 4)\nclaim("Even", a % 2 == 0)', "Even"))
    a = 2 + 2
    claim("Even", a % 2 == 0)
    """
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic command
        return source
    checks = [node for node in body if _is_check(node)]
    own = [node for node in checks if _statement_of(node) == statement]
    if not own:
        own = [node for node in checks if _statement_of(node) is None]
    if len(own) != 1:
        return source
    kept = [node for node in body if node not in checks or node in own]
    kept = kept[: kept.index(own[0]) + 1]
    lines = source.splitlines()
    return "\n".join("\n".join(lines[_first(node) - 1 : node.end_lineno]) for node in kept)


def _first(node):
    return min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])


def _is_check(node):
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in CHECKERS


def _statement_of(node):
    """Return the text of a check's statement, or None if it is put together when the cell runs."""
    first = node.value.args[0]
    return first.value if isinstance(first, ast.Constant) else None
