"""What a user would write in an afternoon: whole programs, each run in a process of its own."""

NIGHT = r"""
import sqlite3
import sys

import requests
from bs4 import BeautifulSoup

url, date = sys.argv[1:]
answer = requests.get(f"{url}/list/cs.CV/new", timeout=60)
answer.raise_for_status()
soup = BeautifulSoup(answer.text, "html.parser")
database = sqlite3.connect("papers.db")
database.execute(
    "CREATE TABLE IF NOT EXISTS papers (id TEXT PRIMARY KEY, date TEXT, title TEXT, authors TEXT, abstract TEXT)"
)
lines = [f"# arXiv cs.CV {date}\n"]
for number, (term, description) in enumerate(zip(soup.find_all("dt"), soup.find_all("dd")), 1):
    paper = term.find("a", title="Abstract")["href"].split("/")[-1]
    title = description.find("div", class_="list-title").text.replace("Title:", "").strip()
    authors = ", ".join(anchor.text for anchor in description.find("div", class_="list-authors").find_all("a"))
    text = description.find("p", class_="mathjax")
    abstract = text.text.strip() if text else ""
    database.execute("INSERT OR REPLACE INTO papers VALUES (?, ?, ?, ?, ?)", (paper, date, title, authors, abstract))
    lines.append(f"### {number}.{title}  [ :arrow_down: ](https://arxiv.org/pdf/{paper}.pdf)\n>  {abstract}\n")
database.commit()
with open(f"{date}.md", "w") as digest:
    digest.writelines(lines)
"""
"""Fetch, parse, store, write: requests, Beautiful Soup with html.parser, sqlite3."""

LOAD = r"""
import json
import pathlib
import sqlite3

database = sqlite3.connect("peer.db")
database.execute("CREATE TABLE paper (date TEXT, section TEXT, id TEXT, title TEXT, abstract TEXT)")
database.execute("CREATE INDEX paper_date ON paper (date, section)")
for path in sorted(pathlib.Path("data/cs.CV").rglob("*.jsonl")):
    header, *rows = map(json.loads, path.read_text(encoding="utf-8").split("\n")[:-1])
    database.executemany(
        "INSERT INTO paper VALUES (?, ?, ?, ?, ?)",
        [(header["date"], row["section"], row["id"], row["title"], row["abstract"]) for row in rows],
    )
database.commit()
"""
"""The same texts in a database of the user's own."""

REGENERATE = r"""
import datetime
import pathlib
import sqlite3

from jinja2 import Environment

template = Environment(trim_blocks=True, keep_trailing_newline=True).from_string(
    "# ArXiv cs.CV --{{ date }}\n{% for paper in papers %}\n"
    "### {{ loop.index }}.{{ paper[1] }}  [ :arrow_down: ](https://arxiv.org/pdf/{{ paper[0] }}.pdf)\n"
    ">  {{ paper[2] }}      \n{% endfor %}"
)
database = sqlite3.connect("peer.db")
for (text,) in database.execute("SELECT DISTINCT date FROM paper ORDER BY date").fetchall():
    papers = []
    for section in ("new", "cross"):
        papers += database.execute(
            "SELECT id, title, abstract FROM paper WHERE date = ? AND section = ? ORDER BY id DESC", (text, section)
        ).fetchall()
    when = datetime.date.fromisoformat(text)
    path = pathlib.Path("peer/cs.CV", f"{when:%Y/%m}", f"{text}.md")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(template.render(date=f"{when:%a}, {when.day} {when:%b %Y}", papers=papers), encoding="utf-8")
"""
"""Every digest from that database: sqlite3 and Jinja2."""

SNAPSHOT = r"""
import itertools
import json
import sqlite3
import sys

NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
MONTHS = {name: f"{number:02}" for number, name in enumerate(NAMES, 1)}
database = sqlite3.connect("peer.db", isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = FULL")
database.execute(
    "CREATE TABLE harvested (arxiv_id TEXT PRIMARY KEY, source TEXT, datestamp TEXT, run INTEGER, version INTEGER, "
    "categories TEXT, title TEXT, authors TEXT, comments TEXT, journal_ref TEXT, abstract TEXT)"
)
database.execute(
    "CREATE TABLE version (arxiv_id TEXT, v INTEGER, submitted TEXT, source TEXT, is_day INTEGER, "
    "PRIMARY KEY (arxiv_id, v))"
)
with open(sys.argv[1]) as file:
    while lines := list(itertools.islice(file, 5000)):
        papers, versions = [], []
        for one in map(json.loads, lines):
            told, last = [one[name] for name in ("title", "authors", "comments", "journal-ref", "abstract")], 0
            for version in one["versions"]:
                _, day, month, year, time, _ = version["created"].split(" ")
                last = int(version["version"][1:])
                when = f"{year}-{MONTHS[month]}-{day:0>2} {time}.000000"
                versions.append((one["id"], last, when, "kaggle", 0))
            papers.append((one["id"], "kaggle", one["update_date"], 1, last, one["categories"], *told))
        database.execute("BEGIN")
        database.executemany("INSERT INTO harvested VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", papers)
        database.executemany("INSERT INTO version VALUES (?, ?, ?, ?, ?)", versions)
        database.execute("COMMIT")
"""
"""Kaggle's snapshot as the same rows: json.loads and executemany."""
