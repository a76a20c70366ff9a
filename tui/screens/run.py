"""One run: lineage, dialogue, scoreboard, the curve of the best, the log, the account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from ...core.errors import UsageError
from ...runtime.monitor.leaderboard import ScoreTally
from ...runtime.monitor.run_view import CandidateView
from ...runtime.monitor.snapshot import RunSnapshot
from ...runtime.steering.catalog import DIRECTIVE_SPECS
from ..format.text import Line
from ..lines.lineage import LineageLines, LineageNode, all_candidates, layout, lineage_extent, short_id
from ..lines.plot import score_plot
from ..lines.scoreboard import dialogue_lines, log_lines, rank_candidates, scoreboard_table
from ..lines.status import plan_lines, status_lines
from ..replay import ReplaySource
from ..routes import open_candidate, open_compare
from ..widgets.line_list import LineList
from ..widgets.text_pane import TextPane
from .base import Page

if TYPE_CHECKING:
    from ..app import MaieuticApp

_STEP = 25


class RunPage(Page):
    panes: ClassVar[tuple[str, ...]] = ("lineage", "talk", "curve", "board", "log")
    directive_names: ClassVar[tuple[str, ...]] = tuple(one.name for one in DIRECTIVE_SPECS)
    about: ClassVar[str] = "run"
    BINDINGS: ClassVar[list[BindingType]] = [
        *Page.directive_bindings(*(one.name for one in DIRECTIVE_SPECS)),
        Binding("space", "fold", "Fold", show=False, id="run.fold"),
        Binding("X", "rejected", "Show rejected", show=False, id="run.rejected"),
        Binding("c", "compare", "Compare", id="run.compare"),
        Binding("n", "examples", "Rows", id="examples"),
        Binding("R", "report", "Report", id="report"),
        Binding("P", "plan", "Whole plan", show=False, id="run.plan"),
        Binding("E", "export", "Export lineage", show=False, id="export"),
        Binding("comma", "replay('back')", "Replay: back", show=False, id="replay.back"),
        Binding("full_stop", "replay('on')", "Replay: on", show=False, id="replay.on"),
        Binding("z", "replay('toggle')", "Replay: play or hold", show=False, id="replay.toggle"),
        Binding("left_square_bracket", "replay('slower')", "Replay: slower", show=False, id="replay.slower"),
        Binding("right_square_bracket", "replay('faster')", "Replay: faster", show=False, id="replay.faster"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._folded: frozenset[str] = frozenset()
        self._rejected = False
        self._talk: dict[tuple[int, int], list[Line]] = {}
        self._log: dict[tuple[int, int], list[Line]] = {}
        self._ranked: tuple[object, list[tuple[CandidateView, ScoreTally]]] = (None, [])
        self._laid: tuple[object, list[LineageNode], tuple[int, int]] = (None, [], (0, 0))

    @property
    def crumb(self) -> str:
        record = self.scene.record if self.scene else None
        return f"{record.task} · {record.id}" if record else "run"

    @property
    def selected_arguments(self) -> Mapping[str, str]:
        name = "board" if self.focused is self.pane("board") else "lineage"
        return {"candidate": key, "a": key} if (key := self.pane(name).key) else {}

    def body(self) -> Iterable[Widget]:
        yield LineList(
            id="lineage",
            title="lineage",
            about="Who came from whom. Each row: sign, candidate, mean score on val, its 95 % interval on a ruler "
            "from 0 to 1, who made it, what became of it. enter opens it, space folds what descends from it, c "
            "compares it, X shows rejected ones. Directives act on the row under the cursor.",
            empty="the start prompt has not been measured yet",
        )
        yield LineList(
            id="talk",
            title="dialogue",
            picks=False,
            follows=True,
            about="What planner, teacher, critic and student say, as they say it. It follows the end unless you "
            "scroll up; end goes back to following.",
            empty="nobody has spoken yet; recipes without authors stay silent",
        )
        yield TextPane(id="curve", title="best over calls", about="The best score, from so many calls on.")
        yield LineList(
            id="board",
            title="scoreboard",
            about="The candidates that were measured, the best first: score, interval, val rows, gain over the "
            "start in points, answers that could not be read. enter opens one. Scores are plain means; plot and log "
            "tell what the race reckons, which trusts a few rows less.",
            empty="nothing was measured yet",
        )
        yield LineList(
            id="log",
            title="log",
            picks=False,
            follows=True,
            about="What happened, in words: rounds, candidates, what you said and whether it was taken.",
        )

    def reopen(self, ui: MaieuticApp) -> None:
        ui.open_route("run")

    def below(self) -> Iterable[Widget]:
        yield TextPane(id="gauges", about="Budget, pace, time left, and the step of the plan that is worked on.")

    def tick(self, scene: RunSnapshot) -> None:
        self.query_one("#gauges", TextPane).draw(lambda width, _: status_lines(scene, self.signs, width))

    def draw_panes(self, scene: RunSnapshot) -> None:
        if self.pane_visible("lineage"):
            self._draw_lineage(scene)
        if self.pane_visible("talk"):
            talk = self.pane("talk")
            talk.show(dialogue_lines(scene.story.turns, max(20, talk.columns), self._talk))
        if self.pane_visible("curve"):
            points, calls = scene.story.curve, scene.spent.calls
            ascii_only = self.ui.ascii_only
            self.query_one("#curve", TextPane).draw(lambda w, h: score_plot(points, calls, w, h, ascii_only=ascii_only))
        if self.pane_visible("board"):
            board, rows = self.pane("board"), self._ranked_rows(scene)
            head, lines = scoreboard_table(scene, rows, self.signs, board.columns)
            board.show(lines, keys=[one.id for one, _ in rows], head=head)
        if self.pane_visible("log"):
            log = self.pane("log")
            log.show(log_lines(scene.story.lines, max(20, log.columns), self._log))

    def on_line_list_selected(self, event: LineList.Selected) -> None:
        open_candidate(self.ui, event.key)

    def action_fold(self) -> None:
        key = self.pane("lineage").key
        if key:
            self._folded = self._folded ^ {key}
            self.redraw()

    def action_rejected(self) -> None:
        self._rejected = not self._rejected
        self.redraw()
        self.notify("rejected candidates are shown" if self._rejected else "rejected candidates are hidden")

    def action_compare(self) -> None:
        """The first press marks, the second on another row compares."""
        here = self.selected_arguments.get("candidate", "")
        if not self.ui.marked or self.ui.marked == here:
            self.ui.marked = here
            self.notify(f"{short_id(here)} is marked; press c on another one to compare them")
            return
        a, self.ui.marked = self.ui.marked, ""
        try:
            open_compare(self.ui, [a, here])
        except UsageError as error:
            self.notify(error.what, severity="warning")

    def action_examples(self) -> None:
        self.ui.open_route("examples")

    def action_report(self) -> None:
        self.ui.open_route("report")

    def action_export(self) -> None:
        if self.scene is None:
            return
        try:
            self.ui.open_route("export", [f"lineage-{self.scene.record.id}.svg"])
        except UsageError as error:
            self.notify(error.what, severity="warning")

    def action_plan(self) -> None:
        from .text_modal import ReaderModal

        if self.scene is not None:
            lines = plan_lines(self.scene, self.signs) or [(("this recipe has no plan", "dim"),)]
            self.app.push_screen(ReaderModal("plan", lines))

    def action_replay(self, how: str) -> None:
        feed = self.ui.feed
        if not isinstance(feed, ReplaySource) or self.scene is None or self.scene.playing is None:
            self.notify("this is a live run; maieutic watch RUN --replay plays one again", severity="warning")
            return
        match how:
            case "toggle":
                feed.toggle()
            case "faster" | "slower":
                feed.speed = min(1000.0, max(0.25, feed.speed * (2.0 if how == "faster" else 0.5)))
            case _:
                feed.seek(self.scene.playing.at + (_STEP if how == "on" else -_STEP))

    def _ranked_rows(self, scene: RunSnapshot) -> list[tuple[CandidateView, ScoreTally]]:
        """Thousands are not put in order again for every event: only where one was measured, or met its fate."""
        state = (scene.standings.cursor, scene.story.view.candidates, scene.best)
        if state != self._ranked[0]:
            self._ranked = (state, rank_candidates(scene))
        return self._ranked[1]

    def _draw_lineage(self, scene: RunSnapshot) -> None:
        pane, people = self.pane("lineage"), all_candidates(scene.story)
        shape = (tuple(people) if len(people) < 2 else len(people), self._folded, self._rejected, self.signs.tee)
        fates = sum(one.status == "rejected" for one in people.values())
        if self._laid[0] != (shape, fates):
            nodes = layout(people, self.signs, self._folded, rejected=self._rejected)
            self._laid = ((shape, fates), nodes, lineage_extent(nodes, people, self.signs))
        _, nodes, room = self._laid
        lines = LineageLines(
            nodes=nodes,
            people=people,
            standings=scene.standings,
            best=scene.best,
            signs=self.signs,
            width=pane.columns,
            extent=room,
        )

        def hay(at: int) -> str:
            one = people[nodes[at].id]
            return f"{one.id} {one.operator} {one.status}"

        pane.set_titles(f"lineage · {len(nodes)}")
        pane.show(lines, keys=[node.id for node in nodes], hay=hay)
