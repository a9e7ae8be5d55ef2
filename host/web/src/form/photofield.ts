import { explain, openDevice } from "../devices.ts";
import { fill, h } from "../dom.ts";
import { fromFile, fromVideo } from "../photo.ts";

/** What shall become of the photo when the form is saved. */
export type PhotoWish = { kind: "keep" } | { kind: "set"; photo: Blob } | { kind: "drop" };

/** A photo from the camera or a file; `current` is what is shown until another is chosen. */
export function photoField(current: () => HTMLElement, has: boolean, test: string): { el: HTMLElement; wish(): PhotoWish; close(): void } {
  let wish: PhotoWish = { kind: "keep" };
  let url = "";
  let camera: MediaStreamTrack | undefined;

  const stage = h("div", { class: "photo-stage" });
  const actions = h("div", { class: "photo-actions" });
  const note = h("p", { class: "hint", attr: { role: "status" } });
  const file = h("input", { type: "file", accept: "image/*", hidden: true, test: test + "-file", on: { change: () => void choose() } });
  const el = h("div", { class: "photo-field" }, stage, h("div", {}, actions, note, file));

  function close(): void {
    camera?.stop();
    camera = undefined;
    if (url) URL.revokeObjectURL(url);
    url = "";
  }

  function show(): void {
    close();
    note.textContent = "";
    if (wish.kind === "set") {
      url = URL.createObjectURL(wish.photo);
      fill(stage, h("img", { class: "face-photo", src: url, alt: "Your new photo" }));
    } else {
      fill(stage, current());
    }
    const removable = wish.kind === "set" || (wish.kind === "keep" && has);
    fill(
      actions,
      button("Use the camera", () => void look(), test + "-camera"),
      button("Choose a file", () => file.click(), test + "-choose"),
      removable && button("Remove photo", () => set(has ? { kind: "drop" } : { kind: "keep" }), test + "-remove"),
    );
  }

  function set(w: PhotoWish): void {
    wish = w;
    show();
  }

  async function choose(): Promise<void> {
    const chosen = file.files?.[0];
    file.value = "";
    if (!chosen) return;
    try {
      set({ kind: "set", photo: await fromFile(chosen) });
    } catch (e) {
      note.textContent = (e as Error).message;
    }
  }

  async function look(): Promise<void> {
    note.textContent = "";
    const t = await openDevice("video");
    if (typeof t === "string") {
      note.textContent = explain({ video: t });
      return;
    }
    close();
    camera = t;
    const video = h("video", { class: "mirrored", muted: true, autoplay: true, playsInline: true, srcObject: new MediaStream([t]) });
    fill(stage, video);
    const snap = button("Take the picture", () => void fromVideo(video).then((photo) => set({ kind: "set", photo })), test + "-snap");
    fill(actions, snap, button("Back", show));
    snap.focus();
  }

  show();
  return { el, wish: () => wish, close };
}

function button(text: string, click: () => void, test?: string): HTMLButtonElement {
  return h("button", { type: "button", class: "quiet small", test, on: { click } }, text);
}
