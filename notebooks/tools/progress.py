"""What a notebook's cells do, in a terminal: Screen shows it while they run.

A cell's printed lines appear as they come. Displays that a cell updates (progress bars) are reduced to one line of
text: rewritten in place on a terminal, at most every ten seconds elsewhere.
"""
import html
import re
import shutil
import sys
import time

MAX_LINES = 40  # printed lines shown per cell; the notebook has them all
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_IMPORT = re.compile(r"^import\s*(\([^)]*\)|.*$)", re.M)
_HIDDEN = re.compile(r"<(style|script|svg|title)\b.*?</\1>", re.S | re.I)
_BREAK = re.compile(r"<(br|/p|/div|/tr|/h\d|/li)\b[^>]*>", re.I)


def plain(markup):
    """The text of a piece of HTML."""
    text = re.sub(r"<[^>]+>", " ", _BREAK.sub("\n", _HIDDEN.sub(" ", markup)))
    lines = (" ".join(line.split()) for line in html.unescape(text).split("\n"))
    return "\n".join(line for line in lines if line)


class Screen:
    def __init__(self, out=sys.stdout):
        self.out, self.tty = out, out.isatty()
        self.start = self.last = 0.0
        self.state = self.written = self.partial = ""
        self.lines = self.figures = 0

    def begin(self, number, total, source):
        code = [line.strip() for line in _IMPORT.sub("", source).splitlines()]
        title = next((line.removeprefix("//").strip() for line in code if line and not line.startswith("%")), "imports")
        self._print(f"[{number}/{total}] {title}")
        self.start = self.last = time.monotonic()
        self.state = self.written = self.partial = ""
        self.lines = self.figures = 0

    def message(self, kind, content):
        """Take a message of the kernel."""
        if kind == "stream":
            *whole, self.partial = (self.partial + content["text"]).split("\n")
            for line in whole:
                self._line(self._last_state(line))
            if self._last_state(self.partial).strip():
                self._progress(self._last_state(self.partial))
        elif kind in ("display_data", "update_display_data", "execute_result"):
            data = content["data"]
            updated = kind == "update_display_data" or (content.get("transient") or {}).get("display_id")
            if "image/png" in data:
                self.figures += kind != "update_display_data"
            elif updated:
                text = data.get("text/markdown") or plain(data.get("text/html", "")) or data.get("text/plain", "")
                if text:
                    self._progress(" · ".join(text.splitlines()))
            elif "text/markdown" in data:
                for line in data["text/markdown"].splitlines():
                    self._line(line)
            elif "text/html" in data:
                for line in plain(data["text/html"]).splitlines():
                    self._line(line)
        elif kind == "error":
            self._line(f"ERROR: {content['evalue'].strip()}"[:2000], always=True)

    def tick(self):
        if self.tty:
            self._status()

    def end(self, outputs):
        if self.state and self.state != self.written:
            self._print("    " + self.state)
        if self.lines > MAX_LINES:
            self._print(f"    ... and {self.lines - MAX_LINES} more lines")
        n = self.figures
        self._print(f"    {time.monotonic() - self.start:.1f} s" + (f", {n} figure{'s' if n > 1 else ''}" if n else ""))

    def note(self, text):
        self._print("    " + text)

    @staticmethod
    def _last_state(line):
        """What is left to see of a line that was rewritten with carriage returns."""
        return _ANSI.sub("", line).rstrip("\r").rsplit("\r", 1)[-1].rstrip()

    def _line(self, text, always=False):
        self.lines += bool(text)
        if text and (always or self.lines <= MAX_LINES):
            self._print("    " + text)

    def _progress(self, text):
        self.state = text
        now = time.monotonic()
        if self.tty:
            if now - self.last >= 0.1:
                self.last = now
                self._status()
        elif now - self.last >= 10:
            self.last, self.written = now, text
            self._print("    " + text)

    def _status(self):
        width = shutil.get_terminal_size().columns - 1
        line = f"    {time.monotonic() - self.start:.0f} s  {self.state}"
        self.out.write("\r\x1b[K" + line[:width])
        self.out.flush()

    def _print(self, text):
        width = shutil.get_terminal_size((160, 24)).columns
        self.out.write(("\r\x1b[K" if self.tty else "") + (text[:width - 1] if self.tty else text) + "\n")
        self.out.flush()
