"""How fast is it, against what, and why: everything that `python -m senet_np bench` measures.

PyTorch, where it is installed, is the opponent; it runs in a process of its own (`torch_process.py`), and
nothing else in the package ever imports it.
"""
