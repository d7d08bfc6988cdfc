"""Build the site:   python docs/site/build.py OUT

Gathers the pages (docs/, executed notebooks, annotated source, the reference, the explorer) into one source folder, and
lets Sphinx make HTML of it. Warnings are errors: a link that leads nowhere does not pass.
"""

import argparse
import ast
import io
import json
import re
import shutil
import sys
import time
import tomllib
from contextlib import redirect_stdout
from pathlib import Path

HERE = Path(__file__).parent
TOOLS, SLIDES = HERE.parent / "tools", HERE.parent / "slides"
sys.path[:0] = [str(HERE), str(TOOLS)]
sys.path.append(str(HERE.parents[1] / "tests"))  # for kernels.py

import nbformat  # noqa: E402
from api import api_page, api_pages, public  # noqa: E402
from layout import PACKAGE, layers  # noqa: E402
from links import ROOT, Names, html, relative, rewritten, site_path  # noqa: E402
from literate import annotated, colored_lines, listing  # noqa: E402
from mathjax import copy_mathjax  # noqa: E402
from proofs import Proofs, Test  # noqa: E402
from searching import words  # noqa: E402
from withheld import withhold  # noqa: E402

import senet_np  # noqa: E402
from notebooks import WORKERS, write_notebooks  # noqa: E402
from senet_np.cli import main as command  # noqa: E402

EXPLORER = "explorer.html"


def build(out: Path, work: Path, address: str = "", repository: str = "", for_students: bool = False) -> int:
    """Gather everything below `work`, and build into `out`; Sphinx's exit status.

    Args:
        out: where the site's pages go.
        work: where what was made is kept for the next time.
        address: where the site will be on the web, for the card that others show of it; "" where that is not known.
        repository: the address of the source; "" where it has none.
        for_students: without solutions, and without the checks that show them.
    """
    source = work / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    write_docs(source)
    write_front_page(source / "index.md", repository)
    write_sources(source)
    write_api(source)
    write_notebooks(source, work / "notebooks")
    write_static(source)
    if for_students:
        withhold(source)

    from sphinx.cmd.build import main as sphinx

    shutil.rmtree(out, ignore_errors=True)
    shutil.copy(HERE / "conf.py", source)
    options = ["-b", "html", "-W", "--keep-going", "-q", "-j", str(WORKERS), "-d", str(work / "doctrees")]
    status = sphinx([*options, "-A", f"address={address}", str(source), str(out)])
    write_search_texts(out)
    return status


def write_docs(source: Path) -> None:
    """The pages of docs/, with what they show, and the front page."""
    for path in sorted((ROOT / "docs").rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if path.is_dir() or {HERE, TOOLS, SLIDES} & {*path.parents}:
            continue
        page = site_path(name)
        (source / page).parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            (source / page).write_text(rewritten(path.read_text("utf-8"), name, page), "utf-8")
        else:
            shutil.copy(path, source / page)
    for path in sorted((HERE / "pages").rglob("*.md")):
        page = path.relative_to(HERE / "pages")
        (source / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, source / page)
    write_contents_of_the_course(source / "course")


def write_contents_of_the_course(course: Path) -> None:
    """The notebooks into the site's contents, and the lists of solutions and assignments."""
    notebooks = ROOT / "notebooks"
    course_page, practice = course / "index.md", course / "practice.md"
    course_page.write_text(course_page.read_text("utf-8") + contents(sorted(notebooks.glob("*.ipynb"))), "utf-8")
    text, found = practice.read_text("utf-8"), []
    for mark, folder in (("SOLUTIONS", "solutions"), ("ASSIGNMENTS", "assignments")):
        paths = sorted((notebooks / folder).glob("*.ipynb"))
        titles = [nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].lstrip("# ") for path in paths]
        links = [f"- [{title}]({folder}/{path.name})" for title, path in zip(titles, paths, strict=True)]
        text, found = text.replace(f"{{{mark}}}", "\n".join(links)), found + paths
    practice.write_text(text + contents(found), "utf-8")


def contents(notebooks: list[Path]) -> str:
    """A table of contents for the sidebar alone."""
    names = [path.relative_to(ROOT / "notebooks").with_suffix("").as_posix() for path in notebooks]
    return "\n```{toctree}\n:hidden:\n\n" + "\n".join(names) + "\n```\n"


def write_front_page(page: Path, repository: str) -> None:
    """Fill in what the front page takes from elsewhere: the block in ten lines, and what SE is worth on `shapes`."""
    block = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert block is not None, "README.md does not begin with the block in ten lines"
    texts = {"BLOCK": "\n".join(colored_lines(block[1].strip()))}
    for mark, name in (("WITHOUT", "shapes-plain"), ("WITH", "shapes-se")):
        result = senet_np.load(name).metadata.result
        assert result is not None
        texts[mark] = f"{100 * result.accuracy:.1f}\u00a0%"
    texts["REPOSITORY"] = f' · <a href="{repository}">The repository</a>' if repository else ""
    text = page.read_text("utf-8")
    for mark, value in texts.items():
        text = text.replace(f"{{{mark}}}", value)
    page.write_text(text, "utf-8")


def write_sources(source: Path) -> None:
    """The package, annotated; the tests, line by line; and a map of both."""
    modules = sorted(PACKAGE.rglob("*.py"))
    names = Names(function_pages())
    proofs = Proofs(ROOT / "tests", PACKAGE)
    proofs.watch_every_case()
    for path in modules:
        page = site_path(path.relative_to(ROOT).as_posix())

        def proved(name: str, path: Path = path, page: str = page) -> list[tuple[str, str]]:
            return [(test.words, _test_address(test, page)) for test in proofs.of(path, name)]

        body = annotated(path.read_text("utf-8"), names.leads(page), proved)
        (source / page).parent.mkdir(parents=True, exist_ok=True)
        (source / page).write_text(_page(path.relative_to(ROOT).as_posix(), body), "utf-8")
    for path in sorted((ROOT / "tests").glob("*.py")):
        page = site_path(path.relative_to(ROOT).as_posix())
        (source / page).parent.mkdir(parents=True, exist_ok=True)
        (source / page).write_text(_page(f"tests/{path.name}", listing(path.read_text("utf-8"))), "utf-8")
    (source / "source/index.md").write_text(module_map(modules), "utf-8")
    (source / "tests/index.md").write_text(_tests_map(), "utf-8")


def function_pages() -> dict[str, str]:
    """{public name: its place in the annotated source}; that of the reference where a name exists twice."""
    found: dict[str, str] = {}
    modules = [name for _, names in api_pages().values() for name in names]
    modules += [path.relative_to(PACKAGE).as_posix() for path in sorted(PACKAGE.rglob("*.py"))]
    for name in modules:
        for node in public(PACKAGE / name):
            found.setdefault(node.name, f"{site_path(f'senet_np/{name}')}#{node.name}")
    return found


def write_api(source: Path) -> None:
    """The reference."""
    names, pages = Names(function_pages()), api_pages()
    for page, (title, modules) in pages.items():
        (source / page).parent.mkdir(parents=True, exist_ok=True)
        (source / page).write_text(api_page(page, title, modules, names.leads(page)), "utf-8")
    toc = "\n".join(page.removeprefix("api/").removesuffix(".md") for page in pages)
    head = "# Reference\n\nEvery public function, with its equation, shapes and units, from the docstrings.\n\n"
    (source / "api/index.md").write_text(f"{head}```{{toctree}}\n{toc}\n```\n", "utf-8")


def write_static(source: Path) -> None:
    """Style, scripts, MathJax, and the explorer: all that a page asks for comes from the site itself."""
    static = source / "_static"
    shutil.copytree(HERE / "templates", source / "_templates")
    shutil.copytree(HERE / "static", static)
    copy_mathjax(static / "mathjax.js")
    extra = source / "_extra"
    extra.mkdir()
    with redirect_stdout(io.StringIO()):  # it prints where it writes, which is not where it will be read
        command(["explorer", "bundled", "--out", str(extra / EXPLORER)])
    page = (extra / EXPLORER).read_text("utf-8")
    page = page.replace("<body>", '<body data-site="">', 1)  # its links lead to the site
    (extra / EXPLORER).write_text(page, "utf-8")
    shutil.copy(ROOT / "docs/img/block.png", extra / "card.png")


def write_search_texts(out: Path) -> None:
    """The words of every page in one script, from which the search page quotes."""
    texts = {path.relative_to(out).as_posix(): words(path.read_text("utf-8")) for path in out.rglob("*.html")}
    script = f"const SEARCH_TEXTS = {json.dumps(texts, ensure_ascii=False)};\n"
    (out / "_static/search_texts.js").write_text(script + (HERE / "search.js").read_text("utf-8"), "utf-8")


def _page(title: str, body: str) -> str:
    """A page of source, with its way back: it has no sidebar, and 300 such pages would make that of all others slow."""
    title = title.replace("_", "\\_")
    trail = "[senet_np](/index.md) › [annotated source](/source/index.md) · [the tests](/tests/index.md)"
    head = f"---\nhide-toc: true\norphan: true\n---\n\n# {title}\n\n```{{container}} trail\n{trail}\n```"
    return f"{head}\n\n``````{{raw}} html\n{body}\n``````\n"


def module_map(modules: list[Path]) -> str:
    """All modules, from the highest layer of the package to the lowest, each with the first words of its docstring."""
    lines = []

    def add(name: str, indent: str = "") -> None:
        page = relative(site_path(f"senet_np/{name}"), "source/index.md")
        lines.append(
            f"{indent}- [`{name.removesuffix('__init__.py') or name}`]({page}): {_first_words(PACKAGE / name)}"
        )

    names = [path.relative_to(PACKAGE).as_posix() for path in modules]
    for top in [*(path for path, _ in layers()), "__main__.py", "__init__.py"]:
        first = f"{top}__init__.py" if top.endswith("/") else top
        add(first)
        for name in names:
            if name.startswith(top) and name != first:
                add(name, "  ")
    text = (HERE / "source.md").read_text("utf-8")
    return "\n".join([text, *lines, ""])


def _tests_map() -> str:
    paths = sorted((ROOT / "tests").glob("*.py"))
    lines = [f"- [`{path.name}`]({path.stem}.md): {_first_words(path)}" for path in paths]
    return "\n".join(["# The tests", "", *lines, ""])


def _first_words(path: Path) -> str:
    words = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0].replace("\n", " ")
    return words.replace("*", "\\*").replace("<", "&lt;").replace("$", "\\$").replace("|", "\\|")


def _test_address(test: Test, page: str) -> str:
    return f"{html(relative(site_path(f'tests/{test.file}'), page))}#L{test.line}"


def repository_address() -> str:
    """The project's address as pyproject.toml has it; "" while that is a placeholder."""
    address = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["senet_np"]["address"]
    return "" if ".invalid/" in address else address


def main() -> int:
    """Build, and say where the front page is."""
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("out", type=Path, nargs="?", default=ROOT / "build/site", help="folder (default: build/site)")
    parser.add_argument("--address", default="", metavar="URL", help="where it will be, ending in /: for cards of it")
    where = "where the source is: linked on the front page (default: the address in pyproject.toml)"
    parser.add_argument("--repository", default=repository_address(), metavar="URL", help=where)
    solutions = "student: without solutions and without the checks that show them (default: all)"
    parser.add_argument("--for", dest="who", choices=("all", "student"), default="all", help=solutions)
    given, began = parser.parse_args(), time.monotonic()
    out = given.out.resolve()
    status = build(out, ROOT / "build/site-work", given.address, given.repository, given.who == "student")
    if status == 0:
        print(f"{out / 'index.html'}: open it in a browser ({time.monotonic() - began:.0f} s)")
    return status


if __name__ == "__main__":
    sys.exit(main())
