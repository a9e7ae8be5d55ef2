/** What a close code asks of the client. The ranges are the server's contract. */
export type Verdict =
  | "return" // come back by yourself
  | "mend" // come back once the reason is mended (a login, a pause, a newer page)
  | "stay"; // do not come back unless the person says so

/** Close codes worth telling apart on a page. */
export const Close = {
  draining: 4000,
  slow: 4001,
  overloaded: 4002,
  silent: 4003,
  full: 4004,
  anew: 4005,
  noHello: 4100,
  noLogin: 4101,
  flood: 4102,
  badFrames: 4103,
  replaced: 4200,
  limit: 4201,
  gone: 4202,
  elsewhere: 4203,
  revoked: 4204,
  banned: 4205,
  deleted: 4206,
} as const;

/** Codes outside our ranges are the network's (1006 and the like): come back. */
export function verdict(code: number): Verdict {
  if (code >= 4100 && code < 4200) return "mend";
  if (code >= 4200 && code < 4300) return "stay";
  return "return";
}
