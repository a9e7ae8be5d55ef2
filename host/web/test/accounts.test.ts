import assert from "node:assert/strict";
import { test } from "node:test";
import { accountKind, accountLink } from "../src/accounts.ts";

const link = (handle: string, kind = "website") => accountLink({ kind, handle });

test("kinds are written as names", () => {
  assert.deepEqual(["instagram", "tiktok", "x", "something"].map(accountKind), ["Instagram", "TikTok", "X", "Something"]);
});

test("a website can be opened, on https only", () => {
  assert.equal(link("https://ada.example/about"), "https://ada.example/about");
  assert.equal(link("ada.example"), "https://ada.example/");
  assert.equal(link("http://ada.example"), undefined);
});

test("nothing else somebody wrote becomes a link", () => {
  for (const handle of ["javascript:alert(1)", "JavaScript://ada.example/%0aalert(1)", "data:text/html,x", "https://bank.example@evil.example", "bank.example@evil.example", "//evil.example", "https://", "@ada", "ada.example two", "localhost", ""]) {
    assert.equal(link(handle), undefined, handle);
  }
  assert.equal(link("ada.example", "instagram"), undefined);
});
