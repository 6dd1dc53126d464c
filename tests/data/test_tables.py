import pytest

from geolid.data.tables import TableError, invert, read_table, whole_or_absent, write_table


def test_a_table_comes_back_as_it_was_written_sorted_by_bytes(tmp_path):
    write_table(tmp_path / "t", {"b": "2", "a-1": "x y", "a": "1", "ä": "3", "B": "4"})
    assert (tmp_path / "t").read_text() == "B 4\na 1\na-1 x y\nb 2\nä 3\n"
    assert read_table(tmp_path / "t") == {"B": "4", "a": "1", "a-1": "x y", "b": "2", "ä": "3"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a 1\nb\n", r"t:2: expected '<key> <value>', found 'b'; add the missing column"),
        (b"a 1\na 2\n", r"t:2: 'a' stands there twice; remove one, or run utils/fix_data_dir.sh"),
        (b"a 1\r\n", r"t:1: .*carriage return.*dos2unix"),
        (b"\xef\xbb\xbfa 1\n", r"t:1: .*byte order mark.*without BOM"),
        (b"a \xff\n", r"t: not UTF-8; convert it"),
    ],
)
def test_a_broken_table_is_told_with_line_and_remedy(tmp_path, content, message):
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(TableError, match=message):
        read_table(tmp_path / "t")


def test_a_missing_table_is_told(tmp_path):
    with pytest.raises(TableError, match="t: there is no such table; run the stage"):
        read_table(tmp_path / "t")


def test_invert_sorts_both_ways():
    assert invert({"c": "fra", "a": "fra", "b": "deu"}) == {"deu": ["b"], "fra": ["a", "c"]}


def test_a_table_stands_only_when_it_is_whole(tmp_path):
    """What fails half-way leaves the former table, and nothing beside it."""
    write_table(tmp_path / "t", {"a": "1"})
    with pytest.raises(OSError, match="No space left"), whole_or_absent(tmp_path / "t") as out:
        out.write("b 2\n")
        raise OSError(28, "No space left on device")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("t", "a 1\n")]
