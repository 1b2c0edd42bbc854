// Slides of 1280 by 720, set for the back of a room. MathJax reads this before it is there.
window.MathJax = { options: { enableMenu: false } };
Reveal.initialize({
  width: 1280, height: 720, margin: 0, center: false, display: 'flex', transition: 'none', backgroundTransition: 'none',
  hash: true, slideNumber: 'c/t', controlsTutorial: false, plugins: [RevealNotes],
});
