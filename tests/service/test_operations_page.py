"""docs/operations.md explains every metric there is, and none that there is not."""

from __future__ import annotations

import re
from pathlib import Path

from workers.store import overview

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
#: Where metrics are made.
SOURCES = (
    "service/metrics.py",
    "service/health.py",
    "workers/store/overview.py",
    "workers/store/delta_metrics.py",
    "workers/store/sink_states.py",
    "workers/replay/metrics.py",
)
COUNTERS = re.compile(r'CounterMetricFamily\(\s*"(shiftwire_\w+)"')


def made() -> set[str]:
    """As Prometheus sees them: counters end with `_total`."""
    texts = [(ROOT / source).read_text(encoding="utf-8") for source in SOURCES]
    names = {name for text in texts for name in re.findall(r"\bshiftwire_[a-z_]+", text)}
    counters = {name for text in texts for name in COUNTERS.findall(text)}
    counters |= {name for name, family in overview._PER_SINK.values() if "Counter" in family.__name__}
    return {f"{name}_total" if name in counters else name for name in names}


def test_the_page_explains_every_metric() -> None:
    explained = set(re.findall(r"^\| `(shiftwire_\w+)` \| ", PAGE, re.MULTILINE))
    assert explained == made()


def test_every_alarm_is_on_a_metric_that_there_is() -> None:
    alarms = PAGE.partition("## Alarms")[2]
    assert set(re.findall(r"\bshiftwire_\w+", alarms)) <= made()


def test_no_other_file_makes_metrics() -> None:
    files = [*ROOT.glob("service/**/*.py"), *ROOT.glob("workers/**/*.py")]
    makers = [f for f in files if re.search(r"MetricFamily\(|gauge\(\s*\"", f.read_text(encoding="utf-8"))]
    assert {str(f.relative_to(ROOT)) for f in makers} <= set(SOURCES)
