"""A notebook as one HTML page that works offline: html(nb, source).

Figures are in the page, formulas become MathML, which browsers draw by themselves, and no script runs.
"""
import base64
import mimetypes
import re
from html import escape

import mistune
from latex2mathml.converter import convert
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import GoLexer

STYLE = """
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.55 system-ui, sans-serif; color: #222; background: #fff; }
pre { background: #f6f7f9; padding: .7rem 1rem; overflow-x: auto; font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; border-radius: 4px; }
.output table { display: block; overflow-x: auto; font-size: .8em; } .output td, .output th { padding: .2rem .5rem; } .output pre { white-space: pre-wrap; } .output { margin: .4rem 0 1.2rem 1rem; } .output pre { background: none; padding: 0; } .output img { max-width: 100%; }
.stderr { color: #7a4b00; } .error { color: #a40000; } code { font-size: .92em; }
table { border-collapse: collapse; margin: .8rem 0; } td, th { border: 1px solid #ccc; padding: .25rem .7rem; } th { background: #f6f7f9; }
math[display=block] { margin: 1rem 0; } blockquote { border-left: 4px solid #ccd; margin-left: 0; padding-left: 1rem; color: #444; }
"""
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

# Browsers know no mathvariant but "normal": letters of other alphabets are characters of their own. Start of A-Z and of a-z in Unicode,
# and the letters that stand elsewhere.
ALPHABETS = {
    "script": (0x1D49C, 0x1D4B6, dict(zip("BEFHILMRego", "\u212c\u2130\u2131\u210b\u2110\u2112\u2133\u211b\u212f\u210a\u2134"))),
    "double-struck": (0x1D538, 0x1D552, dict(zip("CHNPQRZ", "\u2102\u210d\u2115\u2119\u211a\u211d\u2124"))),
    "bold": (0x1D400, 0x1D41A, {}),
    "bold-italic": (0x1D468, 0x1D482, {}),
}


def _letter(match):
    variant, text = match.groups()
    upper, lower, elsewhere = ALPHABETS[variant]
    out = ""
    for c in text:
        start = upper - ord("A") if "A" <= c <= "Z" else lower - ord("a") if "a" <= c <= "z" else None
        out += elsewhere.get(c) or (chr(ord(c) + start) if start is not None else c)
    return f"<mi>{out}</mi>"


def formula(tex, block):
    """TeX as MathML; as it stands, if it cannot be read."""
    tex = re.sub(r"\\(begin|end)\{(aligned|split|gathered)\}", r"\\\1{align*}", tex.strip())
    try:
        mathml = convert(tex, display="block" if block else "inline")
    except Exception:  # latex2mathml raises many kinds
        return f"<code>{escape(tex)}</code>"
    return re.sub(r'<mi mathvariant="(script|double-struck|bold|bold-italic)">([^<]*)</mi>', _letter, mathml)


def _math(md):
    """Teach mistune $...$ and $$...$$, also across lines."""
    def inline(_, m, state):
        tex = m.group("tex_display") or m.group("tex_inline")
        state.append_token({"type": "math", "raw": tex, "attrs": {"block": bool(m.group("tex_display"))}})
        return m.end()

    def block(_, m, state):
        state.append_token({"type": "math", "raw": m.group("tex_block"), "attrs": {"block": True}})
        return m.end() + 1

    md.inline.register("math", r"\$\$(?P<tex_display>[^$]+)\$\$|\$(?=[^\s$])(?P<tex_inline>[^$]*[^\s$\\])\$(?!\d)", inline, before="link")
    md.block.register("math", r"^ {0,3}\$\$(?P<tex_block>[^$]+)\$\$[ \t]*$", block, before="list")
    md.renderer.register("math", lambda _, tex, block: formula(tex, block))


def _embed(url, folder, attachments):
    """An image's address as data: from an attachment or a file beside the notebook."""
    if url.startswith("attachment:"):
        for mime, data in attachments.get(url[11:], {}).items():
            return f"data:{mime};base64,{''.join(data)}"
    path = folder / url
    if "://" not in url and not url.startswith("data:") and path.is_file():
        mime = mimetypes.guess_type(path.name)[0] or "image/png"
        return f"data:{mime};base64,{base64.b64encode(path.read_bytes()).decode()}"
    return url


def markdown(text, folder, attachments=None):
    class Renderer(mistune.HTMLRenderer):
        def image(self, text, url, title=None):
            return f'<img alt="{escape(text)}" src="{escape(_embed(url, folder, attachments or {}))}">'

        def link(self, text, url, title=None):
            if re.match(r"[a-z]+:|#", url, re.I):
                return super().link(text, url, title)
            return text  # a file beside the notebook, which is not beside the page

        def heading(self, text, level, **_):
            name = re.sub(r"\s+", "-", re.sub(r"<[^>]+>", "", text).strip())
            return f'<h{level} id="{escape(name)}">{text}</h{level}>\n'

    md = mistune.create_markdown(escape=False, renderer=Renderer(escape=False), plugins=["table", "strikethrough", "url"])
    _math(md)
    return md(text)


def _output(o, folder):
    if o.output_type == "stream":
        return f'<pre class="{escape(o.name)}">{escape(_ANSI.sub("", o.text))}</pre>'
    if o.output_type == "error":
        return f'<pre class="error">{escape(_ANSI.sub("", chr(10).join(o.traceback) or o.evalue))}</pre>'
    data = {k: "".join(v) if isinstance(v, list) else v for k, v in o.data.items()}
    if "image/png" in data:
        return f'<img alt="figure" src="data:image/png;base64,{"".join(data["image/png"].split())}">'
    if "image/svg+xml" in data:
        return data["image/svg+xml"]
    if "text/html" in data:
        return re.sub(r"<script\b.*?</script>", "", data["text/html"], flags=re.S | re.I)
    if "text/markdown" in data:
        return markdown(data["text/markdown"], folder)
    return f'<pre>{escape(str(data.get("text/plain", "")))}</pre>' if "text/plain" in data else ""


def html(nb, source):
    """The page of notebook nb, which was read from the path source."""
    formatter = HtmlFormatter(nowrap=True)
    parts = []
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            parts.append(markdown(cell.source, source.parent, cell.get("attachments")))
        elif cell.cell_type == "code" and cell.source.strip():
            parts.append(f'<pre class="code">{highlight(cell.source, GoLexer(), formatter)}</pre>')
            shown = "\n".join(filter(None, (_output(o, source.parent) for o in cell.outputs)))
            if shown:
                parts.append(f'<div class="output">\n{shown}\n</div>')
    body = "\n".join(parts)
    return (f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
            f"<title>{escape(source.stem)}</title>\n<style>{STYLE}{formatter.get_style_defs('.code')}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n")
