"""One run: lineage, dialogue, scoreboard, the curve of the best score, the log, the budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from ...runtime.monitor.leaderboard import ScoreTally
from ...runtime.monitor.run_view import CandidateView
from ...runtime.monitor.snapshot import RunSnapshot
from ...runtime.steering.catalog import DIRECTIVE_SPECS
from ..lines.lineage import LineageLines, LineageNode, layout, lineage_extent, short_id
from ..lines.plot import score_plot
from ..lines.scoreboard import LineCache, dialogue_lines, log_lines, rank_candidates, scoreboard_table
from ..lines.status import plan_lines, status_lines
from ..replay import ReplaySource
from ..widgets.line_list import LineList
from ..widgets.text_pane import TextPane
from .base import Page
from .text_modal import ReaderModal

_REPLAY_STEP = 25  # events: a round of a small run


class RunPage(Page):
    panes: ClassVar[tuple[str, ...]] = ("lineage", "dialogue", "curve", "scoreboard", "log")
    directive_names: ClassVar[tuple[str, ...]] = tuple(spec.name for spec in DIRECTIVE_SPECS)
    page_name: ClassVar[str] = "run"
    route: ClassVar[str] = "run"
    BINDINGS: ClassVar[list[BindingType]] = [
        *Page.directive_bindings(*(spec.name for spec in DIRECTIVE_SPECS)),
        Binding("space", "fold", "Fold", show=False, id="run.fold"),
        Binding("X", "rejected", "Show rejected", show=False, id="run.rejected"),
        Binding("c", "compare", "Compare", id="run.compare"),
        Binding("n", "navigate('examples')", "Examples", id="examples"),
        Binding("R", "navigate('report')", "Report", id="report"),
        Binding("P", "plan", "Whole plan", show=False, id="run.plan"),
        Binding("E", "export", "Export lineage", show=False, id="export"),
        Binding("comma", "replay('back')", "Replay: back", show=False, id="replay.back"),
        Binding("full_stop", "replay('on')", "Replay: forward", show=False, id="replay.on"),
        Binding("z", "replay('toggle')", "Replay: play or pause", show=False, id="replay.toggle"),
        Binding("left_square_bracket", "replay('slower')", "Replay: slower", show=False, id="replay.slower"),
        Binding("right_square_bracket", "replay('faster')", "Replay: faster", show=False, id="replay.faster"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._folded: frozenset[str] = frozenset()
        self._show_rejected = False
        self._dialogue_cache: LineCache = {}
        self._log_cache: LineCache = {}
        self._ranking: tuple[object, list[tuple[CandidateView, ScoreTally]]] = (None, [])
        self._laid_out: tuple[object, list[LineageNode], tuple[int, int]] = (None, [], (0, 0))

    @property
    def crumb(self) -> str:
        record = self.snapshot.record if self.snapshot else None
        return f"{record.task} · {record.id}" if record else "run"

    @property
    def selected_arguments(self) -> Mapping[str, str]:
        name = "scoreboard" if self.focused is self.pane("scoreboard") else "lineage"
        return {"candidate": key, "a": key} if (key := self.pane(name).key) else {}

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="lineage",
            title="lineage",
            help_text="The candidates' ancestry. Each row: status sign, candidate, mean val score, its 95 % interval "
            "on a ruler from 0 to 1, operator, status. enter opens it, space folds its descendants, c compares it, X "
            "shows rejected ones. Directives act on the selected row.",
            empty="the baseline has not been measured yet",
        )
        yield LineList(
            id="dialogue",
            title="dialogue",
            selectable=False,
            follow=True,
            help_text="What planner, teacher, critic and student write. It follows the end unless you scroll up; end "
            "follows again.",
            empty="no dialogue yet; recipes without optimizer models have none",
        )
        yield TextPane(id="curve", title="best over calls", help_text="The best score over the number of calls.")
        yield LineList(
            id="scoreboard",
            title="scoreboard",
            help_text="The measured candidates, the best first: score, 95 % interval, val examples, gain over the "
            "baseline in points, unreadable answers. enter opens one. Scores are plain means; curve and log show "
            "pooled estimates, which shrink scores based on few examples.",
            empty="nothing was measured yet",
        )
        yield LineList(
            id="log",
            title="log",
            selectable=False,
            follow=True,
            help_text="What happened: rounds, candidates, your directives and whether they were applied.",
        )

    def below(self) -> Iterable[Widget]:
        yield TextPane(id="status", help_text="Budget, pace, time left, and the current step of the plan.")

    def tick(self, snapshot: RunSnapshot) -> None:
        self.query_one("#status", TextPane).draw(lambda width, _: status_lines(snapshot, self.glyphs, width))

    def draw_panes(self, snapshot: RunSnapshot) -> None:
        if self.pane_visible("lineage"):
            self._draw_lineage(snapshot)
        if self.pane_visible("dialogue"):
            dialogue = self.pane("dialogue")
            dialogue.show(dialogue_lines(snapshot.timeline.turns, max(20, dialogue.columns), self._dialogue_cache))
        if self.pane_visible("curve"):
            points, calls, ascii_only = snapshot.timeline.curve, snapshot.spent.calls, self.ui.ascii_only
            self.query_one("#curve", TextPane).draw(
                lambda width, height: score_plot(points, calls, width, height, ascii_only=ascii_only)
            )
        if self.pane_visible("scoreboard"):
            scoreboard, rows = self.pane("scoreboard"), self._ranked_rows(snapshot)
            head, lines = scoreboard_table(snapshot, rows, self.glyphs, scoreboard.columns)
            scoreboard.show(lines, keys=[candidate.id for candidate, _ in rows], head=head)
        if self.pane_visible("log"):
            log = self.pane("log")
            log.show(log_lines(snapshot.timeline.lines, max(20, log.columns), self._log_cache))

    def on_line_list_selected(self, event: LineList.Selected) -> None:
        self.action_navigate("candidate", event.key)

    def action_fold(self) -> None:
        key = self.pane("lineage").key
        if key:
            self._folded = self._folded ^ {key}
            self.redraw()

    def action_rejected(self) -> None:
        self._show_rejected = not self._show_rejected
        self.redraw()
        self.notify(f"rejected candidates are {'shown' if self._show_rejected else 'hidden'}")

    def action_compare(self) -> None:
        """The first press marks, the second on another row compares."""
        selected = self.selected_arguments.get("candidate", "")
        marked = self.ui.marked
        if not marked or marked == selected:
            self.ui.marked = selected
            self.notify(f"{short_id(selected)} is marked; press c on another one to compare them")
            return
        self.ui.marked = ""
        self.action_navigate("compare", marked, selected)

    def action_export(self) -> None:
        if self.snapshot is not None:
            self.action_navigate("export", f"lineage-{self.snapshot.record.id}.svg")

    def action_plan(self) -> None:
        if self.snapshot is not None:
            lines = plan_lines(self.snapshot, self.glyphs) or [(("this recipe has no plan", "dim"),)]
            self.app.push_screen(ReaderModal("plan", lines))

    def action_replay(self, how: str) -> None:
        source = self.ui.source
        if not isinstance(source, ReplaySource):
            self.notify("this is a live run; maieutic watch RUN --replay replays one", severity="warning")
            return
        match how:
            case "toggle":
                source.toggle()
            case "faster" | "slower":
                source.speed = min(1000.0, max(0.25, source.speed * (2.0 if how == "faster" else 0.5)))
            case _:
                source.seek(source.position + (_REPLAY_STEP if how == "on" else -_REPLAY_STEP))

    def _ranked_rows(self, snapshot: RunSnapshot) -> list[tuple[CandidateView, ScoreTally]]:
        """Thousands are not sorted again for every event: only after a measurement or a change of status."""
        state = (snapshot.leaderboard.cursor, snapshot.timeline.view.candidates, snapshot.best)
        if state != self._ranking[0]:
            self._ranking = (state, rank_candidates(snapshot))
        return self._ranking[1]

    def _draw_lineage(self, snapshot: RunSnapshot) -> None:
        pane, candidates = self.pane("lineage"), snapshot.timeline.candidates
        size = tuple(candidates) if len(candidates) < 2 else len(candidates)
        rejected = sum(candidate.status == "rejected" for candidate in candidates.values())
        shape = (size, rejected, self._folded, self._show_rejected, self.glyphs.tee)
        if self._laid_out[0] != shape:
            nodes = layout(candidates, self.glyphs, self._folded, rejected=self._show_rejected)
            self._laid_out = (shape, nodes, lineage_extent(nodes, candidates, self.glyphs))
        _, nodes, extent = self._laid_out
        lines = LineageLines(
            nodes=nodes,
            candidates=candidates,
            leaderboard=snapshot.leaderboard,
            best=snapshot.best,
            glyphs=self.glyphs,
            width=pane.columns,
            extent=extent,
        )

        def haystack(index: int) -> str:
            candidate = candidates[nodes[index].id]
            return f"{candidate.id} {candidate.operator} {candidate.status}"

        pane.set_titles(f"lineage · {len(nodes)}")
        pane.show(lines, keys=[node.id for node in nodes], haystack=haystack)
