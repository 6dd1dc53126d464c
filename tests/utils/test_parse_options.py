"""Options of the shell scripts: set by name, explained by --help, refused when unknown."""

import subprocess

import pytest

from conftest import ROOT

SCRIPT = """#!/usr/bin/env bash
# Do something.
#   reads   nothing

name=              # what it is called
count=3            # how many
flag=false         # whether it is so
quoted="a b"       # two words

. ./utils/parse_options.sh
echo "$name|$count|$flag|$quoted|$*"
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "utils").symlink_to(ROOT / "utils")
    (tmp_path / "do.sh").write_text(SCRIPT)

    def call(*arguments: str) -> subprocess.CompletedProcess:
        command = ["bash", "./do.sh", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return call


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ([], "|3|false|a b|"),
        (["--name", "x", "--count", "4", "in", "--out"], "x|4|false|a b|in --out"),
        (["--name=a=b", "--flag", "true"], "a=b|3|true|a b|"),
        (["--name", "a $(touch ran); 'b'"], "a $(touch ran); 'b'|3|false|a b|"),
        (["--name", "", "--", "--count"], "|3|false|a b|--count"),
    ],
)
def test_values_arrive_unharmed(script, tmp_path, arguments, values):
    done = script(*arguments)
    assert (done.returncode, done.stdout) == (0, values + "\n"), done.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cuont", "4"], "./do.sh: unknown option --cuont; did you mean --count?; ./do.sh --help lists the options"),
        (["--zzz", "4"], "./do.sh: unknown option --zzz; ./do.sh --help lists the options"),
        (["--count"], "./do.sh: --count needs a value; ./do.sh --help lists the options"),
        (["--flag", "yes"], "./do.sh: --flag is true or false, not 'yes'"),
        (["--config", "none"], "./do.sh: --config none: there is no such file"),
    ],
)
def test_what_cannot_be_is_told(script, arguments, message):
    done = script(*arguments)
    assert (done.returncode, done.stderr) == (2, message + "\n")


def test_help_is_made_from_the_comment_and_the_remarks(script):
    done = script("--help")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "Do something.",
        "  reads   nothing",
        "",
        "Options:",
        "  --name                       what it is called",
        "  --count                      how many (default: 3)",
        "  --flag                       whether it is so (default: false)",
        '  --quoted                     two words (default: "a b")',
    ]


def test_a_config_file_sets_values_that_the_command_line_overrides(script, tmp_path):
    (tmp_path / "my.conf").write_text("# mine\ncount=7  # seven\nname='x y'\n")
    assert script("--config", "my.conf").stdout == "x y|7|false|a b|\n"
    assert script("--count", "8", "--config", "my.conf").stdout == "x y|8|false|a b|\n"
    (tmp_path / "my.conf").write_text("cuont=7\n")
    assert "unknown option --cuont; did you mean --count?" in script("--config", "my.conf").stderr
