"""What pyproject.toml cannot say: the addresses on the package index, all made from the one in `[tool.senet_np]`.

The README's links lead to files beside it. On the index nothing lies beside it, so there they get the address in front.
And the wheel for students, which `senet-np course --wheel` builds, has no solutions.
"""

import os
import re
import tomllib
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel

ADDRESS = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["senet_np"]["address"]
README = Path("README.md").read_text("utf-8")
LINK = re.compile(r"(!?)(\[[^\]]*\])\((?![a-z]+:|#)([^)]+)\)")  # [text](file), or ![text](picture)
HERE = {"": f"{ADDRESS}/blob/HEAD", "!": f"{ADDRESS}/raw/HEAD"}  # a file's page, and a picture itself
PAGES = {"Repository": "", "Documentation": "/blob/HEAD/docs/course.md", "Changelog": "/blob/HEAD/CHANGELOG.md"}
NOT_FOR_STUDENTS = ("notebooks/solutions", "assignments/source", "assignments/teacher", "teachers.md")  # in names


class Wheel(bdist_wheel):
    """A wheel that leaves out what students do not get, where SENET_NP_FOR says student."""

    def run(self):
        if os.environ.get("SENET_NP_FOR") == "student":
            self.distribution.data_files = [
                (place, [file for file in files if not any(part in Path(file).as_posix() for part in NOT_FOR_STUDENTS)])
                for place, files in self.distribution.data_files
            ]
        super().run()


setup(
    cmdclass={"bdist_wheel": Wheel},
    long_description=LINK.sub(lambda link: f"{link[1]}{link[2]}({HERE[link[1]]}/{link[3]})", README),
    long_description_content_type="text/markdown",
    project_urls={name: ADDRESS + page for name, page in (PAGES | {"Issues": "/issues"}).items()},
)
