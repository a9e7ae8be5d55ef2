import { h, say } from "../../web/src/dom.ts";
import type { Api, Status, Version } from "./api.ts";
import { ask, facts } from "./dialog.ts";
import { bytes, fullName } from "./text.ts";

const largest = 16 << 20;

/** Where a module is dropped or chosen. It is checked first; putting it in service is asked for. */
export class Loader {
  readonly el: HTMLElement;
  private readonly words = h("p", { class: "hint", test: "load-state", attr: { role: "status" } });
  private readonly error = h("p", { class: "error", test: "load-error", attr: { role: "alert" } });
  private readonly input = h("input", { id: "module", type: "file", multiple: true, test: "load-file", attr: { accept: ".wasm,.sig,application/wasm" } });
  private busy = false;

  constructor(
    private readonly api: Api,
    private readonly now: () => Status | undefined,
    private readonly done: (text: string) => void,
  ) {
    this.el = h(
      "section",
      { class: "panel drop", test: "load", attr: { "aria-labelledby": "load-title" } },
      h("h2", { id: "load-title" }, "Load a plugin"),
      h("label", { attr: { for: "module" } }, "Drop a .wasm file here (with its .sig, if it is signed), or choose one:"),
      this.input,
      this.words,
      this.error,
    );
    this.input.addEventListener("change", () => void this.take([...(this.input.files ?? [])]));
    // A file dropped beside the panel must not replace the page.
    let depth = 0;
    const over = (on: boolean) => this.el.classList.toggle("over", on);
    addEventListener("dragenter", () => over(++depth > 0));
    addEventListener("dragleave", () => over(--depth > 0));
    addEventListener("dragover", (ev) => ev.preventDefault());
    addEventListener("drop", (ev) => {
      ev.preventDefault();
      over((depth = 0) > 0);
      void this.take([...(ev.dataTransfer?.files ?? [])]);
    });
  }

  private async take(files: File[]): Promise<void> {
    if (this.busy || files.length === 0 || document.querySelector("dialog[open]")) return;
    this.busy = true;
    say(this.error, "");
    try {
      await this.check(files);
    } catch (e) {
      say(this.error, e instanceof Error ? e.message : String(e));
    } finally {
      say(this.words, "");
      this.input.value = "";
      this.busy = false;
    }
  }

  private async check(files: File[]): Promise<void> {
    const signatures = files.filter((f) => f.name.endsWith(".sig"));
    const modules = files.filter((f) => !signatures.includes(f));
    const module = modules[0];
    if (!module || modules.length > 1 || signatures.length > 1) throw new Error("Choose one module at a time, with at most one signature.");
    if (module.size === 0 || module.size > largest) throw new Error(`${module.name} is ${module.size === 0 ? "empty" : "larger than the 16 MiB a module may have"}.`);
    if ((signatures[0]?.size ?? 0) > 4096) throw new Error(`${signatures[0]!.name} is no signature.`);
    const signature = (await signatures[0]?.text())?.trim() ?? "";
    say(this.words, `Checking ${module.name} (${bytes(module.size)}) …`);
    const v = await this.api.inspect(module);
    const again = v.state === "quarantined";
    ask({
      title: `Put ${fullName(v)} in service${again ? " again" : ""}?`,
      danger: again,
      test: "swap",
      body: [facts(["file", module.name], ["digest", h("code", {}, v.digest)], ["size", bytes(v.bytes)], ["knobs", v.params.map((p) => p.name).join(", ") || "none"], ["attributes", v.attrs?.join(", ") || "none"]), ...(again ? [h("p", { class: "error" }, `It is in quarantine: ${v.reason}`)] : []), this.replaces(v)],
      yes: again ? "Put in service all the same" : "Put in service",
      act: async () => {
        const loaded = await this.api.load(module, signature, again);
        this.done(`${fullName(loaded.version)} serves ${loaded.generations.map((g) => g.hook).join(", ")}.`);
      },
    });
  }

  /** What it takes the place of, hook by hook. */
  private replaces(v: Version): HTMLElement {
    const serving = this.now()?.serving ?? [];
    const lines = v.hooks.map((hook) => {
      const g = serving.find((x) => x.hook === hook);
      return h("li", {}, g?.digest === v.digest ? `${hook}: already served by this very module` : `${hook}: takes over from ${g?.name ?? "nothing"}`);
    });
    return h("div", {}, h("ul", { class: "plain" }, ...lines), h("p", { class: "hint" }, "Nobody's call is disturbed. What served before stays ready to roll back to."));
  }
}
