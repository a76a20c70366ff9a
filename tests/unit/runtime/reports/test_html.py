"""The page: self-contained, well formed, escaped, and readable without sight or colour."""

import base64
import hashlib
import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from maieutic.core.dataset import Example
from maieutic.core.report import ExampleScores, Report
from maieutic.runtime.reports.html import to_html
from maieutic.runtime.reports.run_facts import RunFacts

VOID = {"meta", "input"}


class PageReader(HTMLParser):
    """The page's text and tags; it fails where a tag is closed that is not the open one."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def read(page: str) -> PageReader:
    reader = PageReader()
    reader.feed(page)
    assert reader.open == []
    return reader


@pytest.fixture
def page(measured: Report, facts: RunFacts) -> str:
    return to_html(measured, facts)


def test_the_page_is_well_formed_and_escapes_every_text(page: str) -> None:
    reader = read(page)
    assert not {"img", "link", "iframe", "why", "b", "object"} & {tag for tag, _ in reader.tags}
    assert len(reader.all("script")) == 1
    assert "alert(1)" in reader.text
    assert "Sort it & say <why>." in reader.text
    assert "only 12 rows <script>" in reader.text


def test_the_page_loads_nothing(page: str) -> None:
    reader = read(page)
    addresses = [value for _, attributes in reader.tags for name in ("src", "href") if (value := attributes.get(name))]
    assert all(address.startswith("#") for address in addresses)
    assert {f"#{attributes['id']}" for _, attributes in reader.tags if attributes.get("id")} >= set(addresses)
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest", page)


def test_its_policy_allows_its_own_style_and_script_alone(page: str) -> None:
    policy = next(meta["content"] for meta in read(page).all("meta") if "http-equiv" in meta)
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert content is not None
        sha256 = base64.b64encode(hashlib.sha256(content[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{sha256}'" in policy
    assert ' style="' not in page


def test_a_screen_reader_gets_headings_scopes_labels_and_pictures_in_words(page: str) -> None:
    reader = read(page)
    levels = [int(tag[1]) for tag, _ in reader.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(heading.get("scope") in ("col", "row") for heading in reader.all("th"))
    labelled = {label["for"] for label in reader.all("label")}
    assert all(field["id"] in labelled for field in (*reader.all("input"), *reader.all("select")))
    pictures = reader.all("svg")
    assert all(picture.get("aria-label") or picture.get("aria-hidden") for picture in pictures)
    assert any("start 0.61 (0.51 to 0.70); best 0.73 (0.63 to 0.81)" in str(p.get("aria-label")) for p in pictures)


def test_the_interval_stands_on_a_fixed_axis_with_numbers(page: str) -> None:
    chart = page[page.index("From 0 to 1, with 95 % interval") : page.index("</svg>")]
    assert re.findall(r">([\d.]+)</text>", chart) == ["0", "0.25", "0.5", "0.75", "1"]
    start, best = re.findall(r'class="mean" cx="([\d.]+)%"', chart)
    assert float(start) == pytest.approx(3 + 94 * 0.61, abs=0.01)
    assert float(best) == pytest.approx(3 + 94 * 0.73, abs=0.01)


def test_added_words_alone_are_marked(page: str) -> None:
    assert "<pre>Sort it<ins> &amp; say &lt;why&gt;</ins>.</pre>" in page


def test_every_example_is_a_row_with_its_kinds(page: str) -> None:
    assert re.findall(r'<tr data-kinds="([^"]*)">', page) == ["better", "worse", "same", "same failed"]


def test_a_report_without_a_store_is_a_page_too(report: Report) -> None:
    reader = read(to_html(report))
    assert "What changed" in reader.text
    assert "nan" not in reader.text.lower()


def test_a_large_report_stays_small_and_fast(measured: Report, facts: RunFacts) -> None:
    many = tuple(Example(id=f"n-{i}", input=f"input {i} " * 20, outputs=("good",)) for i in range(2000))
    rows = tuple(ExampleScores(id=example.id, start=0.0, best=1.0) for example in many)
    start = time.perf_counter()
    page = to_html(
        measured.model_copy(update={"rows": rows}), replace(facts, examples={**facts.examples, "test": many})
    )
    assert time.perf_counter() - start < 5
    assert len(page) < 3_000_000
