import { h, say } from "../dom.ts";
import { ApiError } from "../http.ts";
import { Field, fieldName } from "./field.ts";

export interface Wanted {
  /** Fields in order: [name in the API, label, autocomplete, hint]. */
  fields: [name: string, label: string, autocomplete: AutoFill, hint?: string][];
  submit: string;
  danger?: boolean;
  /** Prefix of the hooks for tests. */
  test: string;
  /** Throws what the server refuses. */
  save(values: Record<string, string>): Promise<void>;
}

/** A short form of an email and passwords; what the server refuses is said beside its field. */
export function credentialsForm(o: Wanted): HTMLFormElement {
  const trouble = h("p", { class: "form-error", attr: { role: "alert" } });
  const inputs = o.fields.map(([name, , autocomplete]) =>
    h("input", {
      type: name === "email" ? "email" : "password",
      autocomplete,
      required: true,
      ...(autocomplete === "new-password" && { minLength: 8 }),
      maxLength: name === "email" ? 254 : 128,
      test: `${o.test}-${name.replace("_", "-")}`,
    }),
  );
  const fields = o.fields.map(([name, label, , hint], i) => new Field(name, label, inputs[i]!, hint ? { hint } : {}));
  const submit = h("button", { type: "submit", class: o.danger ? "danger" : "primary", test: `${o.test}-submit` }, o.submit);
  const form = h("form", { class: "credentials", test: o.test }, ...fields.map((f) => f.el), trouble, h("div", { class: "buttons" }, submit));
  form.addEventListener("submit", async (ev) => {
    ev.preventDefault();
    say(trouble, "");
    for (const f of fields) f.complain("");
    submit.disabled = true;
    try {
      await o.save(Object.fromEntries(o.fields.map(([name], i) => [name, inputs[i]!.value])));
      form.reset();
    } catch (e) {
      const field = e instanceof ApiError ? fields.find((f) => f.name === fieldName(e.field)) : undefined;
      if (field) {
        field.complain((e as Error).message);
        field.focus();
      } else {
        say(trouble, (e as Error).message);
      }
    } finally {
      submit.disabled = false;
    }
  });
  return form;
}
