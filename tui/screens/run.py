"""One run: lineage, dialogue, scoreboard, the curve of the best, the log, the account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from ...core.errors import UsageError
from ...runtime.actions import ACTIONS
from ...runtime.standing import Tally
from ...runtime.view import Born
from ..board import board_table, log_lines, ranking, talk_lines
from ..feed import Scene
from ..gauges import account_lines, plan_lines
from ..page import Page
from ..places import open_candidate, open_compare
from ..plot import plot
from ..replay import ReplayFeed
from ..tree import Lineage, Node, extent, family, layout, short
from ..widgets.block import Block
from ..widgets.lines import LineList
from ..words import Line

if TYPE_CHECKING:
    from ..app import MaieuticApp

_STEP = 25


class RunPage(Page):
    panes: ClassVar[tuple[str, ...]] = ("lineage", "talk", "curve", "board", "log")
    steers: ClassVar[tuple[str, ...]] = tuple(one.name for one in ACTIONS)
    about: ClassVar[str] = "run"
    BINDINGS: ClassVar[list[BindingType]] = [
        *Page.steering(*(one.name for one in ACTIONS)),
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
        self._ranked: tuple[object, list[tuple[Born, Tally]]] = (None, [])
        self._laid: tuple[object, list[Node], tuple[int, int]] = (None, [], (0, 0))

    @property
    def crumb(self) -> str:
        record = self.scene.record if self.scene else None
        return f"{record.task} · {record.id}" if record else "run"

    @property
    def subject(self) -> Mapping[str, str]:
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
        yield Block(id="curve", title="best over calls", about="The best score, from so many calls on.")
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

    def open_again(self, ui: MaieuticApp) -> None:
        ui.go("run")

    def below(self) -> Iterable[Widget]:
        yield Block(id="gauges", about="Budget, pace, time left, and the step of the plan that is worked on.")

    def tick(self, scene: Scene) -> None:
        self.query_one("#gauges", Block).draw(lambda width, _: account_lines(scene, self.signs, width))

    def fill(self, scene: Scene) -> None:
        if self.seen("lineage"):
            self._lineage(scene)
        if self.seen("talk"):
            talk = self.pane("talk")
            talk.show(talk_lines(scene.story.turns, max(20, talk.columns), self._talk))
        if self.seen("curve"):
            points, calls = scene.story.curve, scene.spent.calls
            ascii_only = self.ui.ascii_only
            self.query_one("#curve", Block).draw(lambda w, h: plot(points, calls, w, h, ascii_only=ascii_only))
        if self.seen("board"):
            board, rows = self.pane("board"), self._ranking(scene)
            head, lines = board_table(scene, rows, self.signs, board.columns)
            board.show(lines, keys=[one.id for one, _ in rows], head=head)
        if self.seen("log"):
            log = self.pane("log")
            log.show(log_lines(scene.story.lines, max(20, log.columns), self._log))

    def on_line_list_picked(self, event: LineList.Picked) -> None:
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
        here = self.subject.get("candidate", "")
        if not self.ui.marked or self.ui.marked == here:
            self.ui.marked = here
            self.notify(f"{short(here)} is marked; press c on another one to compare them")
            return
        a, self.ui.marked = self.ui.marked, ""
        try:
            open_compare(self.ui, [a, here])
        except UsageError as error:
            self.notify(error.what, severity="warning")

    def action_examples(self) -> None:
        self.ui.go("examples")

    def action_report(self) -> None:
        self.ui.go("report")

    def action_export(self) -> None:
        if self.scene is None:
            return
        try:
            self.ui.go("export", [f"lineage-{self.scene.record.id}.svg"])
        except UsageError as error:
            self.notify(error.what, severity="warning")

    def action_plan(self) -> None:
        from ..reader import ReaderScreen

        if self.scene is not None:
            lines = plan_lines(self.scene, self.signs) or [(("this recipe has no plan", "dim"),)]
            self.app.push_screen(ReaderScreen("plan", lines))

    def action_replay(self, how: str) -> None:
        feed = self.ui.feed
        if not isinstance(feed, ReplayFeed) or self.scene is None or self.scene.playing is None:
            self.notify("this is a live run; maieutic watch RUN --replay plays one again", severity="warning")
            return
        match how:
            case "toggle":
                feed.toggle()
            case "faster" | "slower":
                feed.speed = min(1000.0, max(0.25, feed.speed * (2.0 if how == "faster" else 0.5)))
            case _:
                feed.seek(self.scene.playing.at + (_STEP if how == "on" else -_STEP))

    def _ranking(self, scene: Scene) -> list[tuple[Born, Tally]]:
        """Thousands are not put in order again for every event: only where one was measured, or met its fate."""
        state = (scene.standings.cursor, scene.story.view.candidates, scene.best)
        if state != self._ranked[0]:
            self._ranked = (state, ranking(scene))
        return self._ranked[1]

    def _lineage(self, scene: Scene) -> None:
        pane, people = self.pane("lineage"), family(scene.story)
        shape = (tuple(people) if len(people) < 2 else len(people), self._folded, self._rejected, self.signs.tee)
        fates = sum(one.fate == "rejected" for one in people.values())
        if self._laid[0] != (shape, fates):
            nodes = layout(people, self.signs, self._folded, rejected=self._rejected)
            self._laid = ((shape, fates), nodes, extent(nodes, people, self.signs))
        _, nodes, room = self._laid
        lines = Lineage(
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
            return f"{one.id} {one.operator} {one.fate}"

        pane.entitle(f"lineage · {len(nodes)}")
        pane.show(lines, keys=[node.id for node in nodes], hay=hay)
