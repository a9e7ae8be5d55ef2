import { h, say } from "../../web/src/dom.ts";
import { type Api, type Generation, hooks, Refusal, type Status } from "./api.ts";
import { Card } from "./card.ts";
import { Decisions } from "./decisions.ts";
import { ask } from "./dialog.ts";
import { Healthy } from "./health.ts";
import { Loader } from "./load.ts";
import { editParams } from "./params.ts";
import { People } from "./people.ts";
import { Reports } from "./reports.ts";
import { History, Versions } from "./tables.ts";

const every = 2000; // ms between two looks at the status

/** The whole console for one login. lost is called when the login no longer holds. */
export class Console {
  readonly el: HTMLElement;
  private readonly cards: Card[];
  private readonly health = new Healthy();
  private readonly versions = new Versions();
  private readonly history: History;
  private readonly reports: Reports;
  private readonly decisions: Decisions;
  private readonly link = h("span", { class: "pill", test: "link", attr: { role: "status" } }, "connecting");
  private readonly news = h("p", { class: "news", test: "news", attr: { role: "status" } });
  private status?: Status;
  private seen = "";
  private timer = 0;
  private looks = 0;

  constructor(
    private readonly api: Api,
    private readonly lost: (why: string) => void,
  ) {
    this.history = new History(api);
    this.reports = new Reports(api, (text) => this.changed(text));
    const people = new People(api, (text) => this.changed(text));
    this.decisions = new Decisions(api, (id) => people.find(id));
    const loader = new Loader(api, () => this.status, (text) => this.changed(text));
    this.cards = hooks.map(
      (hook) =>
        new Card(hook, {
          params: (g, v) => editParams(api, g, v, (text) => this.changed(text)),
          rollback: (g) => this.confirm(g, "rollback", "Roll back", `Back to what served ${g.hook} before ${g.name}, revision ${g.revision}.`),
          pause: (g) => this.confirm(g, "pause", "Pause", `${g.name} rests, and the rule compiled in answers ${g.hook} until you resume.`),
          resume: (g) => this.confirm(g, "resume", "Resume", `${g.name} answers ${g.hook} again.`),
        }),
    );
    this.el = h(
      "div",
      { class: "console" },
      h("header", { class: "top" }, h("h1", {}, "Napalm Sky ", h("span", {}, "operators")), this.link),
      h(
        "main",
        {},
        this.news,
        this.health.el,
        this.reports.el,
        people.el,
        this.decisions.el,
        h("section", { attr: { "aria-label": "Serving now" } }, h("div", { class: "cards" }, ...this.cards.map((c) => c.el))),
        loader.el,
        this.versions.el,
        this.history.el,
      ),
    );
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
    this.look();
  }

  private confirm(g: Generation, action: "rollback" | "pause" | "resume", word: string, what: string): void {
    ask({
      title: `${word} ${g.hook}?`,
      test: action,
      body: [h("p", {}, what)],
      yes: word,
      danger: action !== "resume",
      act: async () => {
        const now = await this.api.onHook(g.hook, action);
        this.changed(now.paused ? `${now.hook} is paused.` : `${now.name} serves ${now.hook}, revision ${now.revision}.`);
      },
    });
  }

  private changed(text: string): void {
    say(this.news, text);
    this.looks = 0;
    this.look();
  }

  /** Looks now, and every two seconds while the page is seen. */
  private look(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    void this.refresh().then((on) => {
      if (on && !document.hidden && !this.timer) this.timer = setTimeout(() => this.look(), every);
    });
  }

  /** Answers whether looking goes on. */
  private async refresh(): Promise<boolean> {
    try {
      const [s, health] = await Promise.all([this.api.status(), this.api.health()]);
      this.health.update(health);
      this.status = s;
      for (const c of this.cards) c.update(s);
      this.versions.update(s);
      const key = JSON.stringify([s.serving.map((g) => [g.digest, g.revision]), s.versions.map((v) => [v.digest, v.state])]);
      if (key !== this.seen || this.looks++ % 5 === 0) await Promise.all([this.history.refresh(), this.reports.refresh(), this.decisions.refresh()]);
      this.seen = key;
      this.say("live");
    } catch (e) {
      if (e instanceof Refusal && e.code === "no_login") {
        this.lost(e.message);
        return false;
      }
      this.say("no answer");
    }
    return true;
  }

  private say(state: string): void {
    say(this.link, state);
    this.link.dataset["state"] = state;
  }
}
