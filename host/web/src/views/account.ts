import type { App } from "../app.ts";
import { fill, h } from "../dom.ts";
import { credentialsForm } from "../form/credentials.ts";
import { api } from "../http.ts";
import { deletedWords } from "../text.ts";
import { rough } from "../time.ts";
import { openDialog } from "./dialog.ts";

/** How this person comes back, and how they leave for good. */
export function accountSection(app: App): HTMLElement {
  const stay = h("div", {});
  drawStay(app, stay);
  return h(
    "section",
    { class: "account", attr: { "aria-label": "Account" } },
    stay,
    h("h2", {}, "What we know about you"),
    h("p", { class: "hint" }, "Your profile, calls, blocks and reports as one file, or nothing any more."),
    h(
      "div",
      { class: "buttons" },
      h("a", { class: "button quiet", href: "/v1/me/export", download: "napalmsky.json", test: "export" }, "Download it"),
      h("button", { type: "button", class: "quiet", test: "delete-me", on: { click: () => askDelete(app) } }, "Delete me…"),
    ),
  );
}

function drawStay(app: App, el: HTMLElement): void {
  if (app.me.guest) fill(el, ...keep(app, () => drawStay(app, el)));
  else fill(el, ...secure(app));
}

/** A guest's way to stay. */
function keep(app: App, done: () => void): Node[] {
  return [
    h("h2", {}, "Keep your account"),
    h("p", { class: "hint" }, `You are a guest: you are forgotten ${rough(app.options.guest_seconds)} after your last visit, or when you log out. With an email and a password you come back as yourself, on any device.`),
    credentialsForm({
      fields: [
        ["email", "Email", "username", "Never shown to anyone you meet."],
        ["password", "Password", "new-password", "At least 8 characters."],
      ],
      submit: "Keep my account",
      test: "keep",
      async save(v) {
        const kept = await api.keepAccount(v["email"]!, v["password"]!);
        app.me = { ...app.me, guest: false, email: kept.email };
        app.toast("Your account is kept.", "good");
        done();
      },
    }),
  ];
}

function secure(app: App): Node[] {
  const everywhere = h("button", { type: "button", class: "quiet", test: "logout-all", on: { click: () => void app.logout(true) } }, "Log out everywhere");
  return [
    h("h2", {}, "Your account"),
    h("p", { test: "account-email" }, `You log in as ${app.me.email}.`),
    h(
      "details",
      { class: "more" },
      h("summary", {}, "Change password"),
      credentialsForm({
        fields: [
          ["password", "Present password", "current-password"],
          ["new_password", "New password", "new-password", "At least 8 characters. Your other devices are logged out."],
        ],
        submit: "Change password",
        test: "password",
        async save(v) {
          await api.changePassword(v["password"]!, v["new_password"]!);
          app.toast("Your password is changed. Other devices are logged out.", "good");
        },
      }),
    ),
    h("div", { class: "buttons" }, everywhere),
  ];
}

/** There is no way back, so it asks; and an account asks for its password. */
function askDelete(app: App): void {
  const form = credentialsForm({
    fields: app.me.guest ? [] : [["password", "Your password", "current-password"]],
    submit: "Delete me for good",
    danger: true,
    test: "delete",
    async save(v) {
      await api.deleteMe(v["password"] ?? "");
      app.leave(deletedWords(!app.me.guest));
    },
  });
  const stay = h("button", { type: "button", class: "primary", on: { click: () => dialog.close() } }, "Stay");
  const dialog = openDialog(
    { label: "Delete me", light: true },
    h("h2", {}, "Delete yourself?"),
    h("p", {}, "Your profile, photo, account and blocks are deleted at once, and cannot be brought back. People you talked to keep that they had a call, without your name."),
    h("p", { class: "hint", hidden: app.me.guest }, "A fingerprint of your email stays for a year, with nothing else: it only tells that blocks and bans still hold, should somebody sign up with it again."),
    form,
    stay,
  );
  stay.focus();
}
