# shellcheck shell=bash
# Sourced by a script after its options, which stand one a line at the script's top as `name=default   # remark`.
# Sets them from the command line, `--name value` (dashes and underscores are one), and leaves the arguments in "$@".
# `--help` prints the comment the script opens with, and the options with their remarks. `--config FILE` reads
# `name=value` lines first, so that options given by name win.

# The options that the script declares: "name<tab>default<tab>remark" a line, up to where it sources this file.
_declared_options() {
    sed -n '/parse_options\.sh/q; s/^\([a-z][a-z0-9_]*\)=\(.*\)$/\1\t\2/p' "${BASH_ARGV0:-$0}" |
        sed 's/\t\(.*[^ ]\)\{0,1\}  *# \(.*\)$/\t\1\t\2/'
}

_print_help() {
    sed -n '2,$ { /^#/!q; s/^# \{0,1\}//p }' "${BASH_ARGV0:-$0}"
    echo
    echo "Options:"
    _declared_options | while IFS=$'\t' read -r name default remark; do
        # read folds an empty field between tabs, so an option without default has its remark in the second one
        [ -n "$remark" ] || { remark=$default; default=; }
        printf '  %-28s %s%s\n' "--$name" "$remark" "${default:+ (default: $default)}"
    done
}

# What stands as true or false is set to one of these, what stands as a whole number to another. Names here begin with _ so that none of them hides an option of the script.
_set_option() {
    local _name=${1//-/_} _value=$2
    _refuse_unknown "$1"
    case ${!_name}/$_value in
        true/true | true/false | false/true | false/false) ;;
        true/* | false/*) echo "$0: --$1 is true or false, not '$_value'" >&2; exit 2 ;;
        *) [[ ! ${!_name} =~ ^[0-9]+$ || $_value =~ ^[0-9]+$ ]] ||
            { echo "$0: --$1 is a whole number, not '$_value'" >&2; exit 2; } ;;
    esac
    printf -v "$_name" %s "$_value"
}

_refuse_unknown() {
    local _name=${1//-/_} _names
    _names=$(_declared_options | cut -f1)
    grep -qx -- "$_name" <<<"$_names" && return
    echo "$0: unknown option --$1$(_nearest "$_name" "$_names"); $0 --help lists the options" >&2
    exit 2
}

_nearest() {
    python3 - "$1" "$2" <<'PYTHON'
import difflib, sys
near = difflib.get_close_matches(sys.argv[1], sys.argv[2].split(), n=1)
print(f"; did you mean --{near[0]}?" if near else "", end="")
PYTHON
}

_options_of_config() {
    local _key _text _line=0
    [ -f "$1" ] || { echo "$0: --config $1: there is no such file" >&2; exit 2; }
    while IFS='=' read -r _key _text || [ -n "$_key" ]; do
        _line=$((_line + 1))
        case $_key in '' | '#'*) continue ;; esac
        [[ $_key =~ ^[a-z][a-z0-9_]*$ ]] ||
            { echo "$0: $1:$_line: expected name=value, found '$_key'" >&2; exit 2; }
        _text=${_text%%[[:space:]]#*}
        _text=${_text%"${_text##*[![:space:]]}"}
        _text=${_text#[\"\']}
        _set_option "$_key" "${_text%[\"\']}"
    done <"$1"
}

for ((_i = 1; _i < $#; _i++)); do
    if [ "${!_i}" = --config ]; then    # one without a value is told below
        _i=$((_i + 1))
        _options_of_config "${!_i}"
    fi
done
unset _i
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) _print_help; exit 0 ;;
        --) shift; break ;;
        --config)
            [ $# -ge 2 ] || { echo "$0: --config needs a value, a file with name=value lines" >&2; exit 2; }
            shift 2 ;;
        --*=*) _option=${1%%=*}; _set_option "${_option#--}" "${1#*=}"; shift ;;
        --?*)
            if [ $# -lt 2 ]; then
                _refuse_unknown "${1#--}"
                echo "$0: $1 needs a value; $0 --help lists the options" >&2
                exit 2
            fi
            _set_option "${1#--}" "$2"
            shift 2 ;;
        *) break ;;
    esac
done
unset _option
