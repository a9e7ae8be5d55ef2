import type { App } from "../app.ts";
import { h } from "../dom.ts";
import { api, ApiError } from "../http.ts";
import { profileForm } from "../form/profileform.ts";
import type { View } from "../view.ts";
import { accountSection } from "./account.ts";

export function profileView(app: App): View {
  const { id, profile } = app.me;
  const form = profileForm({
    options: app.options,
    profile,
    id,
    submit: "Save",
    test: "profile",
    async save(next, photo) {
      try {
        if (photo.kind !== "keep") {
          const kept = photo.kind === "set" ? await api.savePhoto(photo.photo) : { ...(await api.dropPhoto()), photo: "" };
          app.me = { ...app.me, version: kept.version, profile: { ...app.me.profile, photo: kept.photo } };
        }
        const kept = await api.saveProfile(app.me.version, { ...next, photo: app.me.profile.photo ?? "" });
        app.me = { ...app.me, ...kept };
      } catch (e) {
        if (e instanceof ApiError && e.code === "conflict") {
          app.me = await api.me();
          app.go("profile");
          app.toast("Your profile was changed in another window. Here is the newest; please make your change again.", "bad");
          return;
        }
        throw e;
      }
      app.toast("Saved. Everyone sees it from now on.", "good");
      app.go("lobby");
    },
  });
  const el = h("section", { class: "panel page" }, h("h1", { tabIndex: -1 }, "Your profile"), form.el, accountSection(app));
  return { el, close: form.close };
}
