"""What an interrupted training left behind: what is kept of it, and where it goes on."""

from langneurons.alignment.resuming import keep_only, last_saved


def test_training_goes_on_from_the_last_complete_checkpoint_at_a_logging_step(tmp_path):
    assert last_saved(tmp_path, 10) is None
    for step in (5, 20, 100, 30, 105, 110):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if step != 110:
            (tmp_path / f"checkpoint-{step}/complete").touch()
    assert last_saved(tmp_path, 10) == str(tmp_path / "checkpoint-100")
    assert last_saved(tmp_path, 7) == str(tmp_path / "checkpoint-105")
    assert last_saved(tmp_path, 9) is None


def test_only_what_was_trained_by_the_same_facts_is_kept(tmp_path):
    folder = tmp_path / "training"
    saved = folder / "checkpoint-5"
    keep_only(folder, {"a": 1, "b": [2]})
    saved.mkdir()
    keep_only(folder, {"b": [2], "a": 1})
    assert saved.is_dir()
    keep_only(folder, {"a": 1, "b": [3]})
    assert not saved.exists()
    # Without a note of its facts, nothing is known of it.
    saved.mkdir()
    (folder / "training.json").unlink()
    keep_only(folder, {"a": 1, "b": [3]})
    assert not saved.exists()
