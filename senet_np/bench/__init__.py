"""How fast it is, against what, and why: everything that `python -m senet_np bench` measures.

PyTorch, where it is installed, is the opponent. It computes in a process of its own (`torch_process.py`), with the
networks that a PyTorch user would copy (`pytorch_nets.py`); nothing else in the package imports it.
"""
