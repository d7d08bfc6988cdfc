"""The reference: every public function and class of the package with its signature and docstring."""

import ast
from collections.abc import Iterator
from pathlib import Path

from docstrings import Link, prose, render
from links import ROOT, html, relative, site_path

GROUPS = {  # title: modules, in the order in which one reads them
    "The block and its relatives": "se variants",
    "Ops": "ops/conv ops/depthwise ops/linear ops/activations ops/pooling ops/scale ops/norm ops/loss",
    "Layers and containers": "layers/base layers/fixed layers/learned layers/blocks containers tree",
    "Gradient checks": "gradcheck/check gradcheck/report gradcheck/hints",
    "Networks": "nets/tiny nets/vgg nets/resnet nets/inception nets/sprint nets/resnet50 nets/mobilenet "
    "nets/attention nets/describe",
    "Models and settings": "model settings runs/load runs/bundled",
    "Data": "data/shapes data/cifar10 data/folder data/view data/augment data/dataset",
    "Training": "train/loop train/optimizers train/schedule train/evaluation runs/run runs/interchange runs/public",
    "Looking inside": "analysis/gates analysis/specificity analysis/interventions analysis/replace analysis/pruning",
    "Comparisons": "experiments/comparison experiments/statistics experiments/report",
}


def api_pages() -> dict[str, tuple[str, list[str]]]:
    """{page: (title, its modules as paths below senet_np)} of the reference."""
    return {
        f"api/{title.split()[-1].lower()}.md": (title, [f"{name}.py" for name in names.split()])
        for title, names in GROUPS.items()
    }


def public(path: Path) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """The public functions and classes of a module, in the order of its source."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node


def api_page(page: str, title: str, modules: list[str], link: Link) -> str:
    """One page of the reference, as MyST markdown."""
    parts = [f"# {title}\n"]
    for name in modules:
        path = ROOT / "senet_np" / name
        words = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0]
        annotated, module = relative(site_path(f"senet_np/{name}"), page), name.removesuffix(".py").replace("/", ".")
        parts.append(f"## senet_np.{module}\n\n{_raw(f'<p>{prose(words, link)}</p>')}")
        parts.append(f"[annotated source]({annotated})\n")
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
