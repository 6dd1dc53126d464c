# shellcheck shell=bash
# Sourced: split_words <option> <text> puts the words of an option's value into the array words, split as a shell would.
# shellcheck disable=SC2034 # words is for the caller
split_words() {
    local _lines
    _lines=$(python -c 'import shlex, sys; print(*shlex.split(sys.argv[1]), sep="\n")' "$2" 2>/dev/null) ||
        { echo "$0: --$1 $2: a quote is not closed" >&2; exit 2; }
    words=()
    [ -z "$_lines" ] || mapfile -t words <<<"$_lines"
}
