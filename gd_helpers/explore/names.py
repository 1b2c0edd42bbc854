"""Names for what ipywidgets leaves nameless: a screen reader finds no label at its sliders, buttons and pictures."""

import html

import ipywidgets as widgets

ROOT = "gd-explorer"
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"

STYLE = f"""
.{ROOT} {{ max-width: 960px; }}
.{ROOT} img.widget-image {{ width: 100%; height: auto; }}
.{ROOT} .noUi-handle:focus-visible, .{ROOT} button:focus-visible, .{ROOT} select:focus-visible
  {{ outline: 3px solid #0072B2; outline-offset: 1px; }}
.{ROOT} .widget-html-content {{ line-height: 1.4; }}
.{ROOT} table {{ border-collapse: collapse; margin: 4px 0; font-variant-numeric: tabular-nums; }}
.{ROOT} th, .{ROOT} td {{ padding: 2px 16px 2px 0; text-align: right; font-weight: normal; }}
.{ROOT} th:first-child {{ text-align: left; font-weight: bold; }}
.{ROOT} .gd-multiples .widget-readout {{ min-width: 12.5em; max-width: none; }}  /* always as wide */
.{ROOT} .widget-play .fa-stop::before {{ content: "\\f048"; }}  /* to the first frame, which is what it does */
"""

# Runs in the page, each time that something in the explorer has changed. A slider's label and the text of its value
# become those of its handle; the description becomes the alt text of the picture. JupyterLab takes arrows and letters
# for its own where it is not told that they belong to a menu.
NAMING = """
const begin = (image, tries) => {
  const root = image.closest('.ROOT');
  if (!root) { if (tries) setTimeout(begin, 50, image, tries - 1); return; }
  const set = (element, name, value) => {
    if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
  };
  const text = (selector) => root.querySelector(selector)?.textContent.trim() ?? '';
  const label = () => {
    set(root, 'role', 'group');
    set(root, 'aria-label', 'explorer');
    for (const slider of root.querySelectorAll('.widget-slider')) {
      const name = slider.querySelector('.widget-label')?.textContent.trim() ?? '';
      const readout = slider.querySelector('.widget-readout');
      const handle = slider.querySelector('.noUi-handle');
      set(handle, 'aria-label', name);
      set(handle, 'aria-valuetext', readout?.textContent ?? '');
      if (slider.classList.contains('gd-steps')) set(readout, 'contenteditable', 'false');
      else { set(readout, 'role', 'textbox'); set(readout, 'aria-label', name + ', as a number'); }
    }
    for (const menu of root.querySelectorAll('select')) set(menu, 'data-lm-suppress-shortcuts', 'true');
    const [play, stop] = root.querySelectorAll('.widget-play button');
    const playing = root.querySelector('.widget-play .fa-pause');
    for (const name of ['aria-label', 'title']) {
      set(play, name, playing ? 'pause' : 'play the path, epoch by epoch');
      set(stop, name, 'back to the start');
    }
    set(root.querySelector('img.widget-image'), 'alt', text('.gd-alt'));
    set(root.querySelector('.gd-status'), 'role', 'status');
  };
  label();
  new MutationObserver(label).observe(root, {
    subtree: true, childList: true, characterData: true, attributes: true,
    attributeFilter: ['aria-valuetext', 'contenteditable', 'class'],
  });
};
begin(this, 200);
""".replace("ROOT", ROOT)


def naming():
    """Return a widget without a size that gives the names and the look of the explorer it is put into.

    ipywidgets has no setting for either, so an image of one transparent pixel brings a script: the one kind of script
    that runs in HTML which is put into a page later.
    """
    trigger = f'<img src="{PIXEL}" alt="" hidden onload="{html.escape(NAMING)}">'
    return widgets.HTML(f"<style>{STYLE}</style>{trigger}", layout=widgets.Layout(height="0", margin="0"))
