"""Writes the table in `docs/settings.md` anew, from the settings in the code: `make schema` runs it."""

from pathlib import Path

from lineageql import settings

MARK = "<!-- settings -->\n"
page = Path("docs/settings.md")
head, _, _ = page.read_text(encoding="utf-8").partition(MARK)
page.write_text(head + MARK + settings.table(), encoding="utf-8")
