import type { Social } from "napalmsky";

/** Where somebody can be found elsewhere, by the server's id. */
export const accountKinds = ["instagram", "telegram", "signal", "whatsapp", "discord", "snapchat", "tiktok", "x", "mastodon", "website"];

const names: Record<string, string> = { whatsapp: "WhatsApp", tiktok: "TikTok" };

export function accountKind(kind: string): string {
  return names[kind] ?? kind.charAt(0).toUpperCase() + kind.slice(1);
}

/** Where a website leads: https only, and nothing that hides whom it belongs to. undefined: no link. */
export function accountLink(s: Social): string | undefined {
  if (s.kind !== "website") return undefined;
  const bare = /^[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+(\/\S*)?$/u.test(s.handle);
  if (!bare && !/^https:\/\/\S+$/i.test(s.handle)) return undefined;
  try {
    const u = new URL(bare ? "https://" + s.handle : s.handle);
    return u.protocol === "https:" && !u.username && !u.password ? u.href : undefined;
  } catch {
    return undefined;
  }
}
