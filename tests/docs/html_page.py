"""A page of the site, read as a browser without JavaScript reads it."""

import json
from html.parser import HTMLParser

SOURCES = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "use": "href"}


class Page(HTMLParser):
    """What a page has.

    Attributes
    ----------
    ids : list of str
    links, sources : list of str
        Where links lead, and what is loaded by itself.
    images : list of tuple
        Alternative text and address.
    data : list of tuple
        MIME type and JSON of each script that is data.
    text : str
        All that is read, without scripts, and without formulas.
    formulas : int
        How many there are.
    in_mathml : int
        How many of these are read without JavaScript.
    """

    def __init__(self, path):
        super().__init__()
        self.path, self.ids, self.links, self.sources, self.images, self.data = path, [], [], [], [], []
        self.formulas = self.in_mathml = 0
        self._texts, self._script, self._formula = [], None, None
        self.feed(path.read_text(encoding="utf-8"))
        self.text = " ".join("".join(self._texts).split())

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if self._formula is None and (tag == "noscript" or "math notranslate" in attributes.get("class", "")):
            self._formula = tag
            self.formulas += tag != "noscript"
        self.in_mathml += tag == "math"
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if attributes.get(SOURCES.get(tag)) and not (tag == "link" and attributes.get("rel") in ("next", "prev")):
            self.sources.append(attributes[SOURCES[tag]])
        if tag == "img":
            self.images.append((attributes.get("alt"), attributes["src"]))
        if tag in ("script", "style"):
            self._script = attributes.get("type", tag)

    def handle_endtag(self, tag):
        if tag == self._formula:
            self._formula = None
        if tag in ("script", "style"):
            self._script = None

    def handle_data(self, data):
        if self._script is None:
            self._texts += [data] if self._formula is None else []
        elif self._script.startswith("application/vnd.gd"):
            self.data.append((self._script, json.loads(data)))
