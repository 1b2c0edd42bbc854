import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gd_helpers.lesson import claims
from gd_helpers.lesson.claims import ClaimFailedError, claim
from gd_helpers.lesson.parameters import (
    FEWEST_POINTS,
    MOST_WORKERS,
    PUBLISHED,
    RULES,
    check_names,
    check_parameters,
    check_values,
)


@pytest.fixture(autouse=True)
def _show_nothing(monkeypatch):
    monkeypatch.setattr(claims, "display", lambda result: None)


def failures_are_raised():
    try:
        claim("two and two are five", False)
    except ClaimFailedError:
        return True
    return False


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_every_chapter_has_a_seed_and_a_number_of_points_and_a_rule_for_each_parameter(chapter):
    assert {"seed", "n"} <= PUBLISHED[chapter].keys() <= RULES.keys()
    patients = {"16_real_data": 442}
    assert (PUBLISHED[chapter]["seed"], PUBLISHED[chapter]["n"]) == (37, patients.get(chapter, 1000))


@pytest.mark.parametrize(("chapter", "epochs"), [("03_batch", 4500), ("04_stochastic", 500), ("05_mini_batch", 300)])
def test_the_chapters_of_the_three_methods_have_the_settings_of_the_source(chapter, epochs):
    expected = {"epochs": epochs, "learning_rate": 1e-3, "optimizer": "adam"}
    assert expected.items() <= PUBLISHED[chapter].items()


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_under_the_published_parameters_a_claim_that_does_not_hold_fails_the_chapter(chapter):
    claims.report_failures()
    check_parameters(chapter, **PUBLISHED[chapter])
    assert failures_are_raised()


OTHERS = {
    "seed": 38,
    "n": 400,
    "epochs": 50,
    "updates": 50,
    "batch_size": 16,
    "learning_rate": 0.5,
    "optimizer": "nesterov",
    "device": "auto",
    "workers": 3,
    "replicates": 21,
}


@pytest.mark.parametrize(("chapter", "name"), [(chapter, name) for chapter in PUBLISHED for name in PUBLISHED[chapter]])
def test_under_another_value_of_any_parameter_it_is_reported(chapter, name):
    check_parameters(chapter, **{**PUBLISHED[chapter], name: OTHERS[name]})
    assert not failures_are_raised()


@given(st.integers(0, 2**32 - 1))
def test_every_seed_passes(seed):
    check_values({"seed": seed})


NOT_WHOLE = (-1, 2.5, float("nan"), float("inf"), True, "x", None)
BAD_VALUES = [
    *[(name, value) for name in ("epochs", "updates", "batch_size") for value in (0, *NOT_WHOLE)],
    *[("seed", value) for value in (2**32, *NOT_WHOLE)],
    *[("n", value) for value in (0, FEWEST_POINTS - 1, *NOT_WHOLE)],
    *[("replicates", value) for value in (0, 1, *NOT_WHOLE)],
    *[("workers", value) for value in (0, 1, MOST_WORKERS + 1, *NOT_WHOLE)],
    *[("learning_rate", value) for value in (-1, 0, float("nan"), float("inf"), True, "-1e-2", None)],
    *[("optimizer", value) for value in ("foo", "Adam", "", None, 1)],
    *[("device", value) for value in ("gpu9", "cuda:99", "", None, 0)],
]


@pytest.mark.parametrize(("name", "value"), BAD_VALUES, ids=lambda value: repr(value)[:12])
def test_a_bad_value_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be .*, got ") as refusal:
        check_values({name: value})
    assert str(refusal.value).endswith(f"got {value!r}")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("learning_rate", "1e-2"),
        ("learning_rate", "1E5"),
        ("learning_rate", "2.5e-3"),
        ("learning_rate", ".5"),
        ("n", "1e3"),
        ("epochs", "60"),
    ],
)
def test_a_number_that_yaml_takes_for_a_text_is_refused_with_what_to_write(name, text):
    with pytest.raises(ValueError, match=rf"^{name} must be .*, got the text '{text}'; in YAML write ") as refusal:
        check_values({name: text})
    written = yaml.safe_load(str(refusal.value).rpartition(" ")[2])
    assert isinstance(written, int | float)
    assert written == float(text)
    check_values({name: written})


@pytest.mark.parametrize("value", [np.float64(0.5), np.float32(0.5), np.int64(1)], ids=repr)
def test_numbers_of_numpy_pass(value):
    check_values({"learning_rate": value})


def test_more_patients_than_there_are_is_refused():
    with pytest.raises(ValueError, match=r"^n must be a whole number from 50 to 442, got 443$"):
        check_parameters("16_real_data", **{**PUBLISHED["16_real_data"], "n": 443})


def test_a_batch_size_above_n_is_refused():
    with pytest.raises(ValueError, match=r"^batch_size must be a whole number from 1 to 1000, got 5000$"):
        check_parameters("05_mini_batch", **{**PUBLISHED["05_mini_batch"], "batch_size": 5000})


def test_a_bad_value_leaves_the_claims_as_they_were():
    with pytest.raises(ValueError, match="epochs"):
        check_parameters("03_batch", **{**PUBLISHED["03_batch"], "seed": 38, "epochs": 0})
    assert failures_are_raised()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("epoch", "epochs"), ("learning_rte", "learning_rate"), ("optimiser", "optimizer"), ("N", None)],
)
def test_an_unknown_name_is_refused_with_the_nearest_and_all_known(name, nearest):
    known = PUBLISHED["03_batch"]
    with pytest.raises(ValueError, match=rf"^03_batch has no parameter '{name}' \(given 5\), only ") as refusal:
        check_names("03_batch", {name: 5}, known)
    assert all(one in str(refusal.value) for one in known)
    assert str(refusal.value).endswith(f"; did you mean {nearest!r}?" if nearest else "device")


def test_known_names_pass():
    check_names("03_batch", {"seed": 1, "n": 2}, PUBLISHED["03_batch"])


def test_a_parameter_that_another_chapter_has_is_unknown_to_this_one():
    with pytest.raises(ValueError, match=r"^06_verify_with_scikit_learn has no parameter 'epochs' \(given 5\)"):
        check_parameters("06_verify_with_scikit_learn", **PUBLISHED["06_verify_with_scikit_learn"], epochs=5)


def test_a_parameter_that_is_left_out_is_named():
    with pytest.raises(
        ValueError, match=r"^06_verify_with_scikit_learn must check all its parameters, got none for n$"
    ):
        check_parameters("06_verify_with_scikit_learn", seed=37)


@pytest.mark.parametrize("chapter", ["99_nothing", "", None, 3], ids=repr)
def test_an_unknown_chapter_is_refused_with_those_that_exist(chapter):
    with pytest.raises(ValueError, match=r"^chapter must be one of '00_introduction', .*, got ") as refusal:
        check_parameters(chapter, seed=37)
    assert str(refusal.value).endswith(f"got {chapter!r}")
