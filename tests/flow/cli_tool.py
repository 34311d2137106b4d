"""A tool from outside: exit code, empty standard error, standard output."""
import json
import os
import subprocess

from harness import program


class CliTool:
    """Works on the platform FOLDER/platform."""

    def __init__(self, name, folder):
        self.name = name
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "SLUICE_DIR": str(folder / "platform")}

    def run(self, *arguments, stdin=""):
        return subprocess.run([program(self.name), *arguments], input=stdin, capture_output=True, text=True,
                              env=self.environment, timeout=120)

    def __call__(self, *arguments, stdin=""):
        """Standard output of a command that must succeed in silence."""
        done = self.run(*arguments, stdin=stdin)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def refused(self, *arguments, code=1, stdin=""):
        """Standard error of a command that must fail and print nothing."""
        done = self.run(*arguments, stdin=stdin)
        assert (done.returncode, done.stdout) == (code, ""), done
        return done.stderr

    def json(self, *arguments, stdin=""):
        return [json.loads(line) for line in self(*arguments, "--json", stdin=stdin).splitlines()]
