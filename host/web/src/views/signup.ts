import { h } from "../dom.ts";
import { api, type Me, type Options } from "../http.ts";
import { profileForm } from "../form/profileform.ts";
import type { View } from "../view.ts";
import { rough } from "../time.ts";
import { askLogin } from "./login.ts";

/** The first page: who you are. `enter` is called when the server knows you. */
export function signupView(options: Options, enter: (me: Me, trouble: string) => void): View {
  const form = profileForm({
    options,
    submit: "Step under the sky",
    test: "signup",
    async save(profile, photo) {
      const me = await api.signUp(profile);
      let trouble = "";
      if (photo.kind === "set") {
        try {
          const kept = await api.savePhoto(photo.photo);
          me.version = kept.version;
          me.profile.photo = kept.photo;
        } catch (e) {
          // The person is signed up: a photo that failed must not undo that.
          trouble = `You are in, but your photo was not kept: ${(e as Error).message} You can try again in your profile.`;
        }
      }
      enter(me, trouble);
    },
  });
  const el = h(
    "main",
    { class: "welcome" },
    h(
      "div",
      { class: "hero" },
      h("h1", {}, "Napalm Sky"),
      h("p", { class: "lead" }, "One person at a time, live, for a few minutes. Then somebody new."),
      h(
        "ol",
        { class: "how" },
        h("li", {}, "See who is here right now."),
        h("li", {}, "Invite someone. Agree on how long."),
        h("li", {}, "Talk. Afterwards you two have a break, so that everyone meets new people."),
      ),
      h("p", { class: "terms" }, `For people of 18 or older. You come in as a guest, without a password: your profile is here until ${rough(options.guest_seconds)} after your last visit, on this device only, or until you log out. In your profile you can keep it with an email and a password.`),
      h("p", { class: "returning" }, "Been here before?", h("button", { type: "button", class: "quiet small", test: "login-open", on: { click: askLogin } }, "Log in")),
    ),
    h("section", { class: "panel signup", attr: { "aria-label": "Sign up" } }, form.el),
  );
  return { el, close: form.close };
}
