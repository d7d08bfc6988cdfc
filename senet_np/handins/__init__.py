"""Hand-ins of a class: read as a learning platform gives them, run apart, marked, and reported.

read.py      which file belongs to whom: a folder or a zip from Moodle, Canvas, nbgrader or by hand
notebook.py  the cells of a notebook, which assignment it is, and whether two hand-ins are the same
grade.py     one hand-in: its cells in order, the checks where they stand, points and reasons
kernel.py    the grader's side of the process that runs a hand-in: calls, time limit, restart
child.py     that process: it runs cells and calls functions, and knows no right answer
sandbox.py   the modules that it finds there, and stand-ins for those that it has to write itself
guard.py     what it may not do there: other files, the network, programs, too much memory
wire.py      values on their way between the two
report.py    the table, the CSV, a page for each student, Gradescope's file
gradebook.py the CSV that a learning platform has exported, filled in

A hand-in runs in a process of its own, and the checks run in the grader's. So a hand-in can neither change a check nor
read what it expects.
"""
