"""The reference: every public function and class of the package with its signature and docstring."""

import ast
from collections.abc import Iterator
from pathlib import Path

from docstrings import Link, prose, render
from links import ROOT, html, relative, site_path

GROUPS = {
    "The block and its relatives": ("se.py", "variants.py"),
    "Ops": ("ops/conv.py", "ops/linear.py", "ops/activations.py", "ops/pooling.py", "ops/scale.py", "ops/norm.py", "ops/loss.py"),
    "Layers and their composition": ("layers.py", "compose.py", "tree.py"),
    "Gradient checks": ("gradcheck.py", "verdict.py"),
    "Networks": ("nets/tiny.py", "nets/vgg.py", "nets/resnet.py", "nets/inception.py", "nets/choices.py", "nets/describe.py"),
    "Data": ("data/shapes.py", "data/cifar10.py", "data/augment.py", "data/dataset.py"),
    "Training": ("training/loop.py", "training/run.py", "training/optim.py", "training/evaluate.py", "training/pretrained.py", "training/interchange.py"),
    "Looking inside": ("explain/gates.py", "explain/specificity.py", "explain/controls.py", "explain/intervene.py", "explain/pruning.py", "explain/findings.py"),
    "Comparisons": ("experiments/comparison.py", "experiments/statistics.py", "experiments/report.py"),
}  # fmt: skip


def api_pages() -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """{page: (title, [(module, its path)])} of the reference."""
    return {
        f"api/{title.split()[-1].lower()}.md": (
            title,
            [(name.removesuffix(".py").replace("/", "."), name) for name in names],
        )
        for title, names in GROUPS.items()
    }


def public(path: Path) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """The public functions and classes of a module, in the order of its source."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node


def api_page(page: str, title: str, modules: list[tuple[str, str]], link: Link) -> str:
    """One page of the reference, as MyST markdown."""
    parts = [f"# {title}\n"]
    for module, name in modules:
        path = ROOT / "senet_np" / name
        words = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0]
        annotated = relative(site_path(f"senet_np/{name}"), page)
        parts.append(
            f"## senet_np.{module}\n\n{_raw(f'<p>{prose(words, link)}</p>')}\n[annotated source]({annotated})\n"
        )
        for node in public(path):
            source = f"{html(annotated)}#{node.name}"
            signature = (
                f'<pre class="signature">{_signature(node)}</pre><p class="to-source"><a href="{source}">source</a></p>'
            )
            parts.append(f"### {node.name}\n\n{_raw(signature + render(ast.get_docstring(node) or '', link))}")
    return "\n".join(parts)


def _signature(node: ast.FunctionDef | ast.ClassDef) -> str:
    from html import escape

    if isinstance(node, ast.ClassDef):
        made = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
        fields = [ast.unparse(one) for one in node.body if isinstance(one, ast.AnnAssign)]
        given = ast.unparse(made[0].args).removeprefix("self").removeprefix(", ") if made else ", ".join(fields)
        return escape(f"class {node.name}({given})")
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return escape(f"{node.name}({ast.unparse(node.args)}){result}")


def _raw(content: str) -> str:
    return f"``````{{raw}} html\n{content}\n``````\n"
