"""The rule for predictions stops what can't be kept, or is never answered."""

import pytest
from good_chapter import add_code, says, sentences

OPTIONS = '{"yes": "It is.", "no": "It is not."}'
ASKED = f'it = predict("Is it?", {OPTIONS}, key="it")'
REVEALED = 'it.reveal("yes")'
ANSWERED = f'predict("Is it?", {OPTIONS}, "yes", key="it")'
NO_KEY, NO_ANSWER = "a prediction without a key of its own", "a prediction that no later cell reveals"

GOOD = [
    [ASKED, REVEALED],
    [ANSWERED],
    [ANSWERED.replace('"yes", key', 'answer="yes", key')],
    [ASKED, ANSWERED.replace('key="it"', 'key="other"'), REVEALED],
    ["model.predict(X)"],
]
BAD = [
    ([ASKED, ANSWERED, REVEALED], 1, NO_KEY),
    ([ANSWERED.replace(', key="it"', "")], 0, NO_KEY),
    ([ANSWERED.replace('key="it"', "key=name")], 0, NO_KEY),
    ([ASKED], 0, NO_ANSWER),
    ([REVEALED, ASKED], 1, NO_ANSWER),
    ([ASKED.removeprefix("it = "), REVEALED], 0, NO_ANSWER),
    ([ASKED, REVEALED.replace("it.", "other.")], 0, NO_ANSWER),
    ([ASKED, "it.show()"], 0, NO_ANSWER),
]


@pytest.mark.parametrize("sources", GOOD)
def test_predictions_that_are_kept_and_answered_pass(notebook, sources):
    for source in sources:
        add_code(notebook, source)
    assert NO_KEY not in sentences(notebook)
    assert NO_ANSWER not in sentences(notebook)


@pytest.mark.parametrize(("sources", "place", "words"), BAD)
def test_a_prediction_without_a_key_or_an_answer_is_stopped(notebook, sources, place, words):
    cells = [add_code(notebook, source) for source in sources]
    assert says(notebook, cells[place], words)
    assert sum(sentences(notebook).count(each) for each in (NO_KEY, NO_ANSWER)) == 1
