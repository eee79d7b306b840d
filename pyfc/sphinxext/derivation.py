"""The directive ``pyfc:derivation``: a component's steps as a table, beside the lines of code that carry their tags."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from pyfc import registry
from pyfc.component import Component
from pyfc.derivation import Source, Step, tag_problems
from pyfc.errors import ProofError, PyfcError
from pyfc.sphinxext.mathematics import latex
from pyfc.testing.precision import derivation_of
from pyfc.testing.variants import variants

#: The letter whose derivative a component of each group gives; see pyfc.proof.Derivation.
_OUTPUTS = {"activations": "y", "losses": "l"}

#: The columns with their widths, relative to each other.
_COLUMNS = (("step", 4), ("equation", 26), ("because", 26), ("in terms of", 6), ("code", 38))

_LANGUAGES = {".pyx": "cython", ".pxi": "cython", ".pxd": "cython", ".c": "c", ".h": "c", ".cpp": "cpp", ".cc": "cpp"}

#: What puts the tags of a file below each other: a table has no room for it.
_PADDING = re.compile(r" {3,}(?=(#|//|/\*)\s*\(\d)")


class DerivationDirective(SphinxDirective):
    """``.. pyfc:derivation:: activations.sigmoid``: the derivation of a registered component."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = False

    def run(self) -> list[nodes.Node]:
        """Return the table with its evidence, and an error for everything that does not hold."""
        spec = self.arguments[0]
        group, _, name = spec.partition(".")
        try:
            cls = registry.get(group, name)
            if not cls.derivation:
                raise ProofError(f"class {cls.__name__} has no derivation: expected at least a definition")
            source = cls.source_code()
        except (PyfcError, FileNotFoundError) as error:
            return [self._error(f"{spec}: {error}")]
        anchor = nodes.make_id(f"pyfc-{group}-{name}")
        if f"{anchor}-1" in self.state.document.ids:
            return [self._error(f"{spec} stands on this page already: link to its rows, #{anchor}-1 and so on")]
        if source.path is not None:
            self.env.note_dependency(str(source.path))  # a change there renders this page anew
        problems = tag_problems(cls.derivation, source)
        try:
            proved = proved_steps(cls)
        except Exception as error:  # SymPy raises whatever it likes at what a plugin writes
            proved = set()
            problems.append(str(error) if isinstance(error, ProofError) else f"{type(error).__name__}: {error}")
        found: list[nodes.Node] = [self._error(f"{spec}: {problem}") for problem in problems]
        found.append(self._table(cls.derivation, source, anchor))
        if not problems:
            found.append(evidence(cls.derivation, source, proved))
        return found

    def _error(self, message: str) -> nodes.Node:
        where, line = self.get_source_info()
        return self.reporter.error(f"pyfc:derivation: {message}", source=where, line=line)

    def _table(self, steps: tuple[Step, ...], source: Source, anchor: str) -> nodes.table:
        table, group = nodes.table(classes=["pyfc-derivation"]), nodes.tgroup(cols=len(_COLUMNS))
        table += group
        group += [nodes.colspec(colwidth=width) for _, width in _COLUMNS]
        head, body = nodes.thead(), nodes.tbody()
        head += _row(([nodes.paragraph("", title)] for title, _ in _COLUMNS))
        tags = source.tagged_lines()
        numbers = {step.number for step in steps}
        for step in steps:
            target = nodes.target("", "", ids=[f"{anchor}-{step.number}"])
            self.state.document.note_explicit_target(target)
            number = nodes.paragraph("", "", target, nodes.Text(str(step.number)))
            reason = nodes.paragraph("", "", *linked(because(step), numbers, anchor))
            terms = nodes.paragraph("", "", *(nodes.math(letter, letter) for letter in step.terms))
            code: list[nodes.Node] = list(code_blocks(source, tags.get(step.number, [])))
            body += _row([[number], [equation(step)], [reason], [terms], code])
        group += [head, body]
        return table


def _row(cells: Iterable[list[nodes.Node]]) -> nodes.row:
    row = nodes.row()
    for content in cells:
        row += nodes.entry("", *content)
    return row


def equation(step: Step) -> nodes.paragraph:
    """Return a step's equation as mathematics; as it stands in the source, if it has a notation of its own."""
    try:
        text = rf"\displaystyle {latex(step.equation)}"
    except ValueError:
        return nodes.paragraph("", "", nodes.literal(step.equation, step.equation))
    return nodes.paragraph("", "", nodes.math(text, text))


def because(step: Step) -> str:
    """Return a step's reason, with its shapes and the settings under which it holds."""
    settings = " and ".join(f"{name} = {value!r}" for name, value in step.when.items())
    return "; ".join(filter(None, [settings and f"if {settings}", step.reason, step.shapes]))


def linked(text: str, numbers: set[int], anchor: str) -> Iterator[nodes.Node]:
    """Yield a text in which the number of another step, ``(3)``, is a link to its row."""
    for part in re.split(r"(\(\d+\))", text):
        number = part[1:-1]
        if re.fullmatch(r"\(\d+\)", part) and int(number) in numbers:
            yield nodes.reference(part, part, refid=f"{anchor}-{number}", internal=True)
        elif part:
            yield nodes.Text(part)


def code_blocks(source: Source, numbers: list[int]) -> Iterator[nodes.literal_block]:
    """Yield the lines of a source that have the given numbers, those that follow each other as one block."""
    lines = source.text.splitlines()
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    suffix = f".{source.name.rpartition('.')[2]}"
    for run in runs:
        shown = [_PADDING.sub("  ", lines[number - source.first]) for number in run]
        text = textwrap.dedent("\n".join(shown))
        block = nodes.literal_block(text, text, language=_LANGUAGES.get(suffix, "python"), linenos=True)
        block["highlight_args"] = {"linenostart": run[0]}
        block["force"] = True  # a line by itself need not be a whole statement
        yield block


def proved_steps(cls: type[Component]) -> set[int]:
    """Prove a component's derivation and return the numbers of the steps that were proved; the others define.

    Steps may hold under some settings alone, so each switch is turned and each choice made, one at a time.

    Parameters
    ----------
    cls : type
        A component's class.

    Returns
    -------
    set of int

    Raises
    ------
    ProofError
        At the first step that does not follow from those before it.
    """
    found = set()
    by_options = {_options(component): component for component in variants(cls)}
    for component in by_options.values():
        derivation = derivation_of(component, _OUTPUTS.get(cls.group, ""))
        found |= {proof.step.number for proof in derivation.prove() if proof.kind == "proved"}
    return found


def _options(component: Component) -> tuple[tuple[str, bool | str], ...]:
    """Return the settings that choose between steps; the others are letters in a proof."""
    return tuple((name, value) for name, value in component.config().items() if isinstance(value, bool | str))


def evidence(steps: tuple[Step, ...], source: Source, proved: set[int]) -> nodes.paragraph:
    """Return the line that says what was shown: how many steps are proved, and how many lines are tied to them."""
    tied = {number for numbers in source.tagged_lines().values() for number in numbers}
    text = (
        f"Proved: {len(proved)} of {len(steps)} steps follow from those before them, by SymPy; the others define. "
        f"Tied: {len(tied)} line{'s' if len(tied) != 1 else ''} of {source.name} "
        f"carr{'y' if len(tied) != 1 else 'ies'} the numbers of steps."
    )
    return nodes.paragraph(text, text, classes=["pyfc-evidence"])
