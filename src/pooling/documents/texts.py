"""The territory's texts: Jinja templates that give Markdown.

Whoever edits a text writes its words alone: it is run in a sandbox, and a name that it misspells is an error. No value
that is set in it is ever markup: each of its signs is written as a character reference, which Markdown reads as the
sign and as nothing else, and its line breaks are blanks.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError, meta
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pooling import BESIDE
from pooling.kernel.configuration import ConfigurationError
from pooling.web.markdown import faults_of
from pooling.web.typography import FILTERS

FOLDER = "documents"
PACKAGED = BESIDE / "config"
_SIGNS = re.compile(r"[!-/:-@\[-`{-~]")
"""What CommonMark gives a meaning to: all of it stands for itself as a character reference (6.2, 6.3)."""
_BLANKS = re.compile(r"[ \t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")  # no-break spaces stay
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def set_value(value: object) -> str:
    """A value as the source of Markdown that reads as it, and as one line.

    Raises:
        UndefinedError: there is no value, which a text has to ask about first.
    """
    if value is None:
        raise UndefinedError("a value that nobody has said is set without asking `{% if … %}` first")
    text = _UNSEEN.sub("", _BLANKS.sub(" ", str(value))).strip()
    return _SIGNS.sub(lambda sign: f"&#{ord(sign[0])};", text)


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        autoescape=False,
        finalize=set_value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(FILTERS)
    made.globals.update(FILTERS)
    return made


@dataclass(frozen=True)
class DocumentText:
    """A text that was read and tried."""

    path: Path
    template: Template

    def filled(self, values: Mapping[str, Any]) -> str:
        """The Markdown that these values make of it."""
        return self.template.render(**values)


def read_text(config_dir: Path, name: str, samples: Sequence[Mapping[str, Any]]) -> DocumentText:
    """The text of this name, tried with each sample: together they walk through all that it may say. Where the
    territory's folder has none, it is ours.

    Raises:
        ConfigurationError: the text is not right; the message says where.
    """
    path = config_dir / FOLDER / f"{name}.md.j2"
    if not path.exists():
        path = PACKAGED / FOLDER / f"{name}.md.j2"
    environment = _environment()
    try:
        source = path.read_text("utf-8")
        _check_names(environment, source, {known for sample in samples for known in sample})
        code = environment.compile(source, name, str(path))
        text = DocumentText(path, Template.from_code(environment, code, environment.make_globals(None)))
        for sample in samples:
            _check(path, text.filled(sample))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not readable: {error}") from error
    except TemplateSyntaxError as error:
        raise ConfigurationError(f"{path}, line {error.lineno}: {error.message}") from error
    except (TemplateError, SecurityError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise ConfigurationError(f"{path}{_line_of(error, path)}: {error}") from error
    return text


def _check_names(environment: ImmutableSandboxedEnvironment, source: str, known: set[str]) -> None:
    unknown = meta.find_undeclared_variables(environment.parse(source)) - known - set(environment.globals)
    if unknown:
        line = next((at for at, line in enumerate(source.split("\n"), 1) if any(name in line for name in unknown)), 1)
        names, usual = ", ".join(sorted(unknown)), ", ".join(sorted(known))
        raise TemplateSyntaxError(f"it names {names}, and there are {usual}", line)


def _check(path: Path, filled: str) -> None:
    if not filled.lstrip().startswith("# "):
        raise ConfigurationError(f"{path}: a document begins with its title, on a line that begins with `# `")
    for fault in faults_of(filled):
        raise ConfigurationError(f"{path}, filled in: {fault}")


def _line_of(error: BaseException, path: Path) -> str:
    """Where in the text it went wrong, as Jinja writes it into the traceback."""
    line, frame = 0, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == str(path):
            line = frame.tb_lineno
        frame = frame.tb_next
    return f", line {line}" if line else ""
