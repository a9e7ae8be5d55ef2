/** Figures and moments in words. */
import type { Figure, Generation, Version, Whole } from "./api.ts";

export const short = (digest: string): string => (digest.startsWith("native:") ? "compiled in" : digest.slice(0, 12));

export const count = (n: Whole): string => n.toLocaleString("en");

/** Large counts in three digits: 12,431 but 4.2 million. */
export function about(n: number): string {
  if (n < 1e6) return count(Math.round(n));
  return n < 1e9 ? `${(n / 1e6).toFixed(1)} million` : `${(n / 1e9).toFixed(1)} billion`;
}

export function micros(us: number): string {
  return us < 1000 ? `${us < 10 ? us.toFixed(1) : Math.round(us)} µs` : `${(us / 1000).toFixed(1)} ms`;
}

export function bytes(n: number): string {
  if (n >= 1 << 20) return `${(n / (1 << 20)).toFixed(1)} MiB`;
  return n >= 1 << 10 ? `${Math.round(n / (1 << 10))} KiB` : `${n} B`;
}

/** A moment as people write it; today's without the day. */
export function moment(iso: string, now = new Date()): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime()) || at.getFullYear() < 2000) return "–";
  const time = at.toLocaleTimeString("en-GB");
  return at.toDateString() === now.toDateString() ? time : `${at.toLocaleDateString("en-CA")} ${time}`;
}

export function ago(iso: string, now = Date.now()): string {
  const s = Math.max(0, Math.round((now - new Date(iso).getTime()) / 1000));
  if (s < 90) return `${s} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  return s < 129_600 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86_400)} days`;
}

export const failed = (f: Figure): number => f.trapped + f.invalid;

export function failures(f: Figure): string {
  const kinds = [
    [f.trapped - f.exhausted, "trapped"],
    [f.exhausted, "out of fuel"],
    [f.invalid, "invalid"],
  ].filter(([n]) => (n as number) > 0);
  return kinds.length ? kinds.map(([n, what]) => `${count(n as number)} ${what}`).join(", ") : "none";
}

/** A version's name as a generation writes it. */
export const fullName = (v: Version): string => `${v.name}@${v.version}`;

/** A rule compiled into the server has no module. */
export const compiledIn = (g: Generation): boolean => g.digest.startsWith("native:");
