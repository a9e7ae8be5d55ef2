/** "4:05" for 245 seconds; never negative. */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** "5 min", "90 s", "1 h 30 min". */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 120 && s % 60 !== 0) return `${s} s`;
  const min = Math.round(s / 60);
  if (min < 60) return `${min} min`;
  const hours = Math.floor(min / 60);
  return min % 60 === 0 ? `${hours} h` : `${hours} h ${min % 60} min`;
}

/** "today 21:40", "tomorrow 21:40", "Friday 3 July, 21:40". */
export function when(ms: number, now: number, locale?: string): string {
  const at = new Date(ms);
  const hm = at.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
  const days = Math.round((midnight(at) - midnight(new Date(now))) / 86_400_000);
  if (days === 0) return `today ${hm}`;
  if (days === 1) return `tomorrow ${hm}`;
  if (days === -1) return `yesterday ${hm}`;
  return `${at.toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long" })}, ${hm}`;
}

/** "tomorrow 21:40 (in 23 h)". */
export function until(ms: number, now: number, locale?: string): string {
  return `${when(ms, now, locale)} (in ${rough((ms - now) / 1000)})`;
}

/** "90 s", "5 min", "23 h", "3 days": how far away something is. */
export function rough(s: number): string {
  if (s < 90) return `${Math.max(1, Math.round(s))} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} days`;
}

function midnight(d: Date): number {
  return new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
}
