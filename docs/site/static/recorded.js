// The sliders of the notebooks, in the page: each of their states was recorded when the site was built.
for (const box of document.querySelectorAll(".recorded")) {
  const controls = [...box.querySelectorAll("input, select")], starts = new Map(controls.map((control) => [control, control.value]));
  const show = () => {
    const key = controls.map((control) => control.value).join("-");
    for (const state of box.querySelectorAll(".state")) state.hidden = state.dataset.key !== key;
    for (const control of controls) {
      const output = control.parentElement.querySelector("output");
      if (output) output.textContent = JSON.parse(control.dataset.values)[control.value];
    }
  };
  const alone = (moved) => {  // too many states to record all: the others go back to where they began
    for (const control of controls) if (box.classList.contains("alone") && control !== moved) control.value = starts.get(control);
  };
  for (const control of controls) control.addEventListener("input", () => { alone(control); show(); });
  box.classList.add("live");
  show();
}
