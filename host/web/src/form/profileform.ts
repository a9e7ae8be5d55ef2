import { h } from "../dom.ts";
import { ApiError, type Options, type Profile } from "../http.ts";
import { face } from "../avatar.ts";
import { chips } from "./chips.ts";
import { Field, fieldName } from "./field.ts";
import { type PhotoWish, photoField } from "./photofield.ts";
import { socialRows } from "./socials.ts";

export interface ProfileForm {
  el: HTMLFormElement;
  close(): void;
}

interface Wants {
  options: Options;
  /** What to begin with; empty for someone new. */
  profile?: Profile;
  id?: string;
  submit: string;
  /** Prefix of data-test. */
  test: string;
  /** Keeps it; an ApiError finds its field. */
  save(p: Profile, photo: PhotoWish): Promise<void>;
}

/** The form of a profile: for signing up, and for changing it later. */
export function profileForm(w: Wants): ProfileForm {
  const { options: o, profile: p, test } = w;
  const lim = o.limits;
  const number = (name: string, value: number | undefined) =>
    h("input", { type: "number", value: value === undefined ? "" : String(value), min: "18", max: "120", inputMode: "numeric", test: `${test}-${name}` });

  const name = h("input", { type: "text", value: p?.name ?? "", maxLength: lim.name, required: true, test: test + "-name", attr: { autocomplete: "nickname" } });
  const gender = h(
    "select",
    { test: test + "-gender", required: true },
    // Also for who chose something that is not offered any more.
    !o.genders.some((g) => g.id === p?.gender) && h("option", { value: "", selected: true, disabled: true }, "Choose…"),
    ...o.genders.map((g) => h("option", { value: String(g.id), selected: p?.gender === g.id }, g.label)),
  );
  const genders = o.genders.map((g) => ({ id: String(g.id), label: g.label }));
  const seeking = chips(genders, (p?.seeking ?? []).map(String), genders.length, (id) => `${test}-seeking-${id}`);
  const age = number("age", p?.age);
  const ageMin = number("agemin", p?.age_min ?? 18);
  const ageMax = number("agemax", p?.age_max ?? 99);
  const tags = chips(o.tags.map((t) => ({ id: t, label: t })), p?.tags ?? [], lim.tags, (id) => `${test}-tag-${id}`);
  const langs = chips(o.langs, p?.langs ?? [], lim.langs, (id) => `${test}-lang-${id}`);
  const bio = h("textarea", { value: p?.bio ?? "", maxLength: lim.bio, rows: 4, test: test + "-bio" });
  const socials = socialRows(p?.socials ?? [], lim.socials);
  const photo = photoField(() => face({ id: w.id ?? "new", name: name.value || "?", photo: p?.photo }), !!p?.photo, test + "-photo");

  const fields = {
    name: new Field("name", "Name", name),
    gender: new Field("gender", "I am", gender),
    seeking: new Field("seeking", "I would like to meet", seeking.el, { group: true }),
    age: new Field("age", "My age", age, { class: "narrow" }),
    age_min: new Field("age_min", "From age", ageMin, { class: "narrow" }),
    age_max: new Field("age_max", "To age", ageMax, { class: "narrow" }),
    tags: new Field("tags", "What I like", tags.el, { group: true, bare: true, hint: `Up to ${lim.tags}. What you have in common is marked.` }),
    langs: new Field("langs", "Languages I speak", langs.el, { group: true, bare: true }),
    bio: new Field("bio", "A few words", bio, { hint: `Up to ${lim.bio} characters.` }),
    socials: new Field("socials", "Where to find me afterwards", socials.el, { group: true, hint: "Nobody sees these until you share them in a call." }),
    photo: new Field("photo", "Photo", photo.el, { group: true }),
  };

  let local = new Set<keyof typeof fields>(); // complained about by this page, not by the server
  const trouble = h("p", { class: "form-error", hidden: true, attr: { role: "alert" } });
  const submit = h("button", { type: "submit", class: "primary", test: test + "-submit" }, w.submit);

  function read(): Profile {
    return {
      ...p,
      name: name.value.trim(),
      gender: Number(gender.value),
      seeking: seeking.values().map(Number),
      age: Number(age.value),
      age_min: Number(ageMin.value),
      age_max: Number(ageMax.value),
      tags: tags.values(),
      langs: langs.values(),
      bio: bio.value.trim(),
      socials: socials.values(),
    };
  }

  /** What can be said without asking the server. */
  function faults(x: Profile): [keyof typeof fields, string][] {
    const grown = (n: number) => Number.isInteger(n) && n >= 18 && n <= 120;
    const all: [keyof typeof fields, string | false][] = [
      ["name", !x.name && "Please tell us a name."],
      ["gender", gender.value === "" && "Please choose one."],
      ["seeking", x.seeking.length === 0 && "Choose at least one."],
      ["age", !grown(x.age) && "18 or older, please."],
      ["age_min", !grown(x.age_min) && "18 to 120."],
      ["age_max", (!grown(x.age_max) && "18 to 120.") || (x.age_max < x.age_min && "Not below “from”.")],
    ];
    return all.filter((f): f is [keyof typeof fields, string] => !!f[1]);
  }

  async function onSubmit(ev: SubmitEvent): Promise<void> {
    ev.preventDefault();
    trouble.hidden = true;
    for (const f of Object.values(fields)) f.complain("");
    const x = read();
    const wrong = faults(x);
    local = new Set(wrong.map((w) => w[0]));
    for (const [k, text] of wrong) fields[k].complain(text);
    if (wrong[0]) return fields[wrong[0][0]].focus();
    submit.disabled = true;
    try {
      await w.save(x, photo.wish());
    } catch (e) {
      refuse(e);
    } finally {
      submit.disabled = false;
    }
  }

  /** What was corrected is not complained about any longer. */
  function onInput(ev: Event): void {
    const wrong = faults(read());
    for (const [k, f] of Object.entries(fields) as [keyof typeof fields, Field][]) {
      if (!f.complaining || wrong.some((w) => w[0] === k)) continue;
      // One field can mend another (the two ages); what the server said stands until its own field is changed.
      if (local.has(k) || f.el.contains(ev.target as Node)) f.complain("");
    }
  }

  function refuse(e: unknown): void {
    const field = e instanceof ApiError ? fields[fieldName(e.field) as keyof typeof fields] : undefined;
    const text = (e instanceof Error && e.message) || "That did not work.";
    if (field) {
      field.complain(text);
      field.focus();
    } else {
      trouble.textContent = text;
      trouble.hidden = false;
    }
  }

  const el = h(
    "form",
    { class: "profile-form", noValidate: true, on: { submit: (ev) => void onSubmit(ev), input: onInput } },
    h("div", { class: "pair" }, fields.name.el, fields.gender.el),
    fields.seeking.el,
    h("div", { class: "trio" }, fields.age.el, fields.age_min.el, fields.age_max.el),
    // Someone new sees one short page; the rest is theirs to open.
    folded("What I like", fields.tags.el),
    folded("Languages I speak", fields.langs.el),
    folded("A photo, a few words, my accounts", fields.photo.el, fields.bio.el, fields.socials.el),
    trouble,
    submit,
  );
  return { el, close: photo.close };

  function folded(title: string, ...inside: HTMLElement[]): HTMLElement {
    return h("details", { class: "more", open: !!p }, h("summary", {}, title), ...inside);
  }
}
