import { h } from "../dom.ts";
import { credentialsForm } from "../form/credentials.ts";
import { api } from "../http.ts";
import { openDialog } from "./dialog.ts";

/** Lets somebody with an account in. A new page begins, as for any evening. */
export function askLogin(): void {
  const form = credentialsForm({
    fields: [
      ["email", "Email", "username"],
      ["password", "Password", "current-password"],
    ],
    submit: "Log in",
    test: "login",
    async save(v) {
      await api.login(v["email"]!, v["password"]!);
      location.replace("/");
    },
  });
  const dialog = openDialog(
    { label: "Log in", light: true },
    h("h2", {}, "Log in"),
    form,
    h("button", { type: "button", class: "quiet", on: { click: () => dialog.close() } }, "Back"),
  );
  form.querySelector("input")?.focus();
}
