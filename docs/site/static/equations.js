// The equations of docstrings, set by MathJax. Where it is not there, they stay as they are typed.
(() => {
  const here = document.currentScript.src;

  function loadMathJax() {  // where the page has no formulas of its own, Sphinx leaves it out
    if (window.MathJax?.startup) return Promise.resolve();
    return new Promise((done) => {
      window.MathJax = { options: { enableMenu: false }, startup: { typeset: false } };
      const script = document.createElement("script");
      script.src = new URL("mathjax.js", here);
      script.onload = done;
      document.head.append(script);
    });
  }

  addEventListener("load", async () => {
    const typed = document.querySelectorAll("pre.eq[data-tex]");
    if (!typed.length) return;
    await loadMathJax();
    await MathJax.startup.promise;
    for (const pre of typed) {
      const box = document.createElement("div");
      box.className = "eq set";
      const set = MathJax.tex2svg(pre.dataset.tex, { display: true }), svg = set.querySelector("svg");
      svg.style.minWidth = `calc(0.6 * ${svg.getAttribute("width")})`;  // in a narrow column it shrinks so far, then it scrolls
      box.append(set);
      pre.replaceWith(box);
    }
    document.head.append(MathJax.svgStylesheet());
    document.body.dataset.equations = typed.length;
  });
})();
