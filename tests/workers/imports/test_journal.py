"""What an import remembers, and which rows of the file that is."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from workers.imports.journal import Damaged, InUse, Journal, Key, Line, read_steps
from workers.imports.plan import content_hash, plan
from workers.imports.rows import Row

TARGET, OTHER = "https://acme.myprotime.eu/acme/clockings", "https://acme.myprotimesandbox.eu/acme/clockings"
KEY = Key("5d41", 1)


def journal(folder: Path, target: str = TARGET) -> Journal:
    return Journal(folder / "rows.csv.shiftwire-import", target)


async def test_steps_are_there_after_a_restart(tmp_path: Path) -> None:
    with journal(tmp_path) as first:
        await first.sending(KEY)
        first.created(KEY, 8192)
        await first.sending(Key("5d41", 2))
        await first.sending(Key("aa", 1))
        first.refused(Key("aa", 1))
    with journal(tmp_path) as second:
        assert [line.step for line in second.steps.values()] == ["created", "sending", "refused"]
        assert second.claimed == {8192}


def test_a_journal_is_for_its_owner_alone(tmp_path: Path) -> None:
    with journal(tmp_path):
        assert (tmp_path / "rows.csv.shiftwire-import").stat().st_mode & 0o077 == 0


async def test_rows_that_wait_for_a_busy_disk_share_the_next_sync(tmp_path: Path) -> None:
    free, syncs, on_disk = threading.Event(), 0, list[int]()

    def disk(_: int) -> None:
        nonlocal syncs
        free.wait(5)
        syncs += 1

    with Journal(tmp_path / "journal", TARGET, sync=disk) as first:

        async def send(number: int) -> None:
            await first.sending(Key("5d41", number))
            on_disk.append(syncs)

        async with asyncio.TaskGroup() as group:
            group.create_task(send(1))
            await asyncio.sleep(0.05)
            for number in range(2, 9):
                group.create_task(send(number))
            await asyncio.sleep(0.05)
            assert on_disk == []
            assert len(read_steps(tmp_path / "journal", TARGET)) == 8
            free.set()
    assert (syncs, on_disk) == (2, [1] + [2] * 7)


async def test_half_a_line_at_the_end_is_what_a_kill_leaves_and_is_forgotten(tmp_path: Path) -> None:
    with journal(tmp_path) as first:
        await first.sending(KEY)
        first.created(KEY, 8192)
    path = tmp_path / "rows.csv.shiftwire-import"
    path.write_bytes(path.read_bytes()[:-9])
    with journal(tmp_path) as second:
        assert second.steps[KEY].step == "sending"
        second.created(KEY, 8193)
    assert read_steps(path, TARGET)[KEY].id == 8193


def test_a_line_of_something_else_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "rows.csv.shiftwire-import").write_bytes(b"person.id,date\n1,2\n")
    with pytest.raises(Damaged, match="line 1"), journal(tmp_path):
        pass


def test_another_import_of_the_same_file_is_refused(tmp_path: Path) -> None:
    with journal(tmp_path), pytest.raises(InUse), journal(tmp_path):
        pass
    with journal(tmp_path):
        pass


async def test_what_was_done_at_another_tenant_or_host_does_not_count(tmp_path: Path) -> None:
    with journal(tmp_path) as first:
        await first.sending(KEY)
        first.created(KEY, 8192)
    with journal(tmp_path, OTHER) as second:
        assert second.steps == {}
        assert second.claimed == frozenset()


A, B = {"comments": "a"}, {"comments": "b"}


def rows(*bodies: dict[str, str]) -> list[Row]:
    return [Row(line, body) for line, body in enumerate(bodies, 2)]


def known(body: dict[str, str], *steps: str) -> dict[Key, Line]:
    lines = [Line(TARGET, content_hash(body), n, step) for n, step in enumerate(steps, 1)]  # type: ignore[arg-type]
    return {line.key: line for line in lines}


def test_equal_rows_are_rows_of_their_own() -> None:
    jobs = plan(rows(A, B, A), {})
    assert len({job.key for job in jobs}) == 3
    assert not any(job.done or job.doubtful for job in jobs)


def test_the_order_of_properties_makes_no_other_row() -> None:
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})


def test_rows_added_before_others_change_nothing_for_those() -> None:
    jobs = plan(rows(B, A), known(A, "created"))
    assert [job.done for job in jobs] == [False, True]


def test_of_equal_rows_as_many_are_left_as_were_not_created() -> None:
    jobs = plan(rows(A, A, A, A), known(A, "refused", "created", "sending"))
    assert [(job.done, job.doubtful) for job in jobs] == [
        (True, False),
        (False, True),
        (False, False),
        (False, False),
    ]
    assert len({job.key for job in jobs}) == 4


def test_a_row_taken_out_of_equal_ones_takes_one_that_was_not_created() -> None:
    (job,) = plan(rows(A), known(A, "sending", "created"))
    assert job.done


def test_a_row_with_a_mistake_has_nothing_to_do() -> None:
    assert plan([Row(2, mistakes=("wrong",))], {}) == []
