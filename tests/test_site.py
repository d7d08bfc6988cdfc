"""The builder of the site: no line of a source is lost or shown twice, and every link leads somewhere."""

import ast
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs" / "site"))

from build import module_map, repository_address  # noqa: E402
from docstrings import prose, render  # noqa: E402
from layout import layers  # noqa: E402
from links import LINK, Names, rewritten, site_path  # noqa: E402
from literate import annotated, listing  # noqa: E402
from proofs import Proofs  # noqa: E402
from searching import words  # noqa: E402
from tex import is_math, to_tex  # noqa: E402
from withheld import without_links  # noqa: E402

MODULES = sorted((ROOT / "senet_np").rglob("*.py"))
TEXTS = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "notebooks").rglob("*.py")])


def nowhere(name):
    return None


def unchecked(name):
    return []


class Reader(HTMLParser):
    """The text at the right with its line numbers taken off, the text at the left, and whether elements nest."""

    def __init__(self, page):
        super().__init__()
        self.open, self.code, self.notes = [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append((tag, dict(attrs).get("class") or ""))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        classes = [css for _, css in self.open]
        if "ln" in classes:
            self.code.append("")
        elif "code highlight" in classes:
            self.code[-1] += data
        else:
            self.notes.append(data)


def words_and_code(path):
    """The words of a module's docstrings and whole-line comments, and its lines of code."""
    lines, tree = path.read_text("utf-8").splitlines(), ast.parse(path.read_text("utf-8"))
    documented, words = set(), []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and ast.get_docstring(node) is not None:
            words += ast.get_docstring(node).split()
            documented |= {*range(node.body[0].lineno, node.body[0].end_lineno + 1)}
    comments = {k for k, line in enumerate(lines, 1) if line.strip().startswith("#")} - documented
    words += [word for k in comments for word in lines[k - 1].strip("# ").split()]
    return words, [line for k, line in enumerate(lines, 1) if line.strip() and k not in documented | comments]


def test_code_is_at_the_right_line_by_line_and_every_word_about_it_at_the_left():
    unmarked = str.maketrans("", "", "`*")
    for path in MODULES:
        page, (words, code) = Reader(annotated(path.read_text("utf-8"), nowhere, unchecked)), words_and_code(path)
        assert [line.rstrip("\n") for line in page.code if line.strip()] == code, path
        notes = "".join(page.notes).translate(unmarked)
        missing = {word for word in (word.translate(unmarked).strip(":") for word in words) if word not in notes}
        assert missing == set(), path


def test_the_map_has_every_module_once_and_the_highest_layer_first():
    lines = [line.strip() for line in module_map(MODULES).splitlines() if line.strip().startswith("- [`")]
    listed = [line.split("](")[1].split(")")[0] for line in lines]
    pages = [path.relative_to(ROOT / "senet_np").with_suffix(".md").as_posix() for path in MODULES]
    assert sorted(listed) == sorted(pages)
    order = [name for name, _ in layers()]
    assert [name for name in (line.split("`")[1] for line in lines) if name in order] == order


def test_a_function_is_one_row_with_its_name_as_its_place():
    source = '"""M."""\n\n\ndef f(x):\n    """Double it.\n\n    y = 2 x        (Eq. 1)\n    """\n    return 2 * x\n'
    page = annotated(source, nowhere, lambda name: [("doubling doubles", "t.html#L3")])
    assert page.count('<section class="row"') == 1
    assert '<section class="row" id="f">' in page
    assert '<pre class="eq">y = 2 x    (Eq. 1)</pre>' in page
    assert "Tested by:" in page
    assert '<a href="t.html#L3">doubling doubles</a>' in page


def test_a_comment_is_beside_the_lines_below_it():
    page = annotated("a = 1\n# Why two.\nb = 2\n", nowhere, unchecked)
    assert [row.count('class="ln"') for row in page.split("<section")[1:]] == [1, 1]
    assert '<p>Why two.</p></div><div class="code highlight"><pre><a class="ln" id="L3" href="#L3">3</a>' in page


def test_a_derivation_keeps_its_columns_and_prose_flows():
    page = render("Derivation: read\nupwards.\n    x = 1      dx = 2\n    long = 3   d = 4\nDone.", nowhere)
    assert (
        page == '<p>Derivation: read upwards.</p><pre class="eq">x = 1      dx = 2\nlong = 3   d = 4</pre><p>Done.</p>'
    )


def test_names_in_backticks_become_links_where_they_lead_somewhere():
    names = Names({"se_forward": "source/se.md#se_forward"}).leads("source/ops/conv.md")
    assert prose("see `se.py`, `se_forward` and `<x>`", names) == (
        'see <a href="../se.html"><code>se.py</code></a>, '
        '<a href="../se.html#se_forward"><code>se_forward</code></a> and <code>&lt;x&gt;</code>'
    )


PACKAGE = ROOT / "senet_np"


@pytest.fixture(scope="module")
def proofs():
    found = Proofs(ROOT / "tests", PACKAGE)
    found.watch_every_case()
    return found


def test_the_first_test_named_beside_a_backward_pass_is_the_gradient_check(proofs):
    for module, name in (("se", "se"), ("ops/conv", "conv2d")):
        first, *others = proofs.of(PACKAGE / f"{module}.py", f"{name}_backward")
        assert first.words == "backward is the derivative of forward"
        assert others
    assert proofs.of(PACKAGE / "se.py", "no such function") == []


def test_a_function_without_a_test_that_names_it_has_none(proofs):
    for module in ("train", "compare", "explain"):  # ten commands are called `run`
        assert proofs.of(PACKAGE / f"cli/{module}.py", "run") == []


@pytest.mark.parametrize(
    ("imported", "used", "tested"),
    [
        ("from package.a import run", "run()", "a"),
        ("from package import b", "b.run()", "b"),
        ("from package import run", "run()", "a"),  # its __init__ has a's
        ("import package", "package.b.run()", "b"),
        ("import package.a as short", "short.run()", "a"),
        ("from helper import through", "through()", "b"),
        ("", "thing.run()", ""),
        ("from package.a import other", "other()", ""),
    ],
)
def test_a_test_belongs_to_the_function_that_it_names_and_not_to_a_namesake(tmp_path, imported, used, tested):
    package, tests = tmp_path / "package", tmp_path / "tests"
    package.mkdir()
    tests.mkdir()
    (package / "__init__.py").write_text("from .a import run\n")
    for name in ("a", "b"):
        (package / f"{name}.py").write_text("def run():\n    pass\n\n\ndef other():\n    pass\n")
    (tests / "helper.py").write_text("from package.b import run\n\n\ndef through():\n    run()\n")
    (tests / "test_some.py").write_text(f"{imported}\n\n\ndef test_it():\n    {used}\n")
    proofs = Proofs(tests, package)
    found = [name for name in ("a", "b") if proofs.of(package / f"{name}.py", "run")]
    assert "".join(found) == tested


@pytest.mark.parametrize(
    ("typed", "tex"),
    [
        ("y = x w + b", r"y = x w + b"),
        ("z_c = 1/(H·W) Σ_{i,j} u_c(i,j)", r"z_{c} = \frac{1}{H \cdot  W} \sum_{i , j} u_{c}(i , j)"),
        ("s = σ(W₂ δ(W₁ z))", r"s = σ(W_{2} δ(W_{1} z))"),
        ("dw = xᵀ dy", r"dw = x^{\top} dy"),
        ("x̂ = (x − mean) / √(var + eps)", r"\hat{x} = \frac{x - \text{mean}}{\sqrt{\text{var} + \text{eps}}}"),
        ("y = 1 / (1 + e^−x)", r"y = \frac{1}{1 + e^{-x}}"),
        ("∂L/∂x[n,d] = Σ_m dy[n,m] w[d,m]", r"\frac{\partial L}{\partial x[n , d]} = \sum_{m} dy[n , m] w[d , m]"),
    ],
)
def test_an_equation_becomes_tex(typed, tex):
    assert is_math(typed)
    assert to_tex(typed) == rf"\begin{{array}}{{l@{{\qquad}}}} \displaystyle {tex} \end{{array}}"


def test_lines_with_relations_are_aligned_at_them():
    assert r"{rcl@{\qquad}l@{\qquad}}" in to_tex("y = x w + b      words\nlong_y = 3")


@pytest.mark.parametrize(
    "typed",
    ['model = senet_np.load("tiny-se")', "x ─┬─ conv ─▶", "stem     conv 3×3 → 32", "pets/cat/*.jpg   split here"],
)
def test_code_and_drawings_are_no_equations(typed):
    assert not is_math(typed)


def test_the_words_of_a_page_are_those_of_its_article():
    page = "<nav>away</nav><article><h1>Squeeze<a>¶</a></h1><script>no()</script><p>one number</p></article>"
    assert words(page) == "Squeeze one number"


def test_a_listing_has_an_anchor_on_every_line():
    assert [f'id="L{k}"' in listing("a = 1\n\nb = 2") for k in (1, 2, 3, 4)] == [True, True, True, False]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_of_the_docs_and_notebooks_has_a_page(path):
    name = path.relative_to(ROOT).as_posix()
    if "source" in path.parts:  # students get it two folders further up, where the links lead from
        name = f"notebooks/assignments/{path.stem}.ipynb"
    text = "\n".join(line.removeprefix("# ") for line in path.read_text("utf-8").splitlines())
    if path.suffix == ".py":  # code cells hold brackets that are no links
        text = "\n".join(cell for cell in text.split("%%") if cell.startswith(" [markdown]"))
    if LINK.search(text):
        assert rewritten(text, name, site_path(name)) != text or path.parent.name == "docs"


def test_a_link_to_what_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"docs/nothing\.md does not exist"):
        rewritten("[x](nothing.md)", "docs/a.md", "a.md")


@pytest.mark.parametrize("folder", ["docs/comparisons", "notebooks/solutions"])
def test_a_link_to_a_folder_of_files_is_refused_as_it_has_no_page(folder):
    with pytest.raises(ValueError, match=f"the site has no page for {folder}"):
        rewritten(f"[x](../{folder}/)", "docs/a.md", "a.md")


def test_a_link_is_rewritten_as_seen_from_its_page():
    text = "[a](../senet_np/ops/conv.py) [b](../docs/speed.md#what-bounds-it) [c](06_convolution.ipynb)"
    assert rewritten(text, "notebooks/12_speed.py", "course/12_speed.ipynb") == (
        "[a](../source/ops/conv.md) [b](../speed.md#what-bounds-it) [c](06_convolution.ipynb)"
    )


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("- [Solutions to 1](solutions/01.ipynb)\n- [Notebook 1](01.ipynb)", "- [Notebook 1](01.ipynb)"),
        ("Solutions: [solutions/01](solutions/01.ipynb), after.", "Solutions: ask your teacher, after."),
        ("- Read.\n- Teach it. <!-- not for students -->", "- Read."),
        ("[an exam](../exam.md#top) and [symbols](../symbols.md)", "an exam and [symbols](../symbols.md)"),
        ("solutions/01\n01", "01"),
        ("```{toctree}\n:caption: Teach\n\n../teachers\n../exam\n```\nEnd.", "End."),
        ('<a href="../tests/answers.html#L3">the <b>test</b></a>', "the <b>test</b>"),
        ('<a href="02.html">2</a>', '<a href="02.html">2</a>'),
        ("[out](https://arxiv.org/abs/1709.01507)", "[out](https://arxiv.org/abs/1709.01507)"),
    ],
)
def test_the_students_site_has_no_link_to_a_solution(text, left):
    assert without_links(text, "course/page.md") == left


def test_the_front_page_links_the_repository_once_its_address_is_known(monkeypatch):
    monkeypatch.setattr(Path, "read_text", lambda *_: '[tool.senet_np]\naddress = "https://forge.invalid/us/senet_np"')
    assert repository_address() == ""
    monkeypatch.setattr(Path, "read_text", lambda *_: '[tool.senet_np]\naddress = "https://forge.example/us/senet_np"')
    assert repository_address() == "https://forge.example/us/senet_np"
