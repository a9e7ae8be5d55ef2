import { h, svg, uid } from "./dom.ts";
import { mediaURL } from "./http.ts";

/** Skies: top, middle, horizon, near hill. */
const skies = [
  ["#1b1650", "#7a2f7c", "#ff9a5a", "#1a1036"],
  ["#0f2148", "#34508f", "#f7b27a", "#0d1730"],
  ["#2a1247", "#a23a72", "#ffb37c", "#241034"],
  ["#0d2b3e", "#2f7f86", "#f6d28b", "#0b2230"],
  ["#2b1030", "#b0414a", "#ffc37d", "#260d28"],
  ["#171a4f", "#5450b8", "#f29bb0", "#14123a"],
  ["#102a24", "#3d7d64", "#f2cf8a", "#0c211d"],
  ["#321a3e", "#86407f", "#f6a28d", "#28132f"],
] as const;

/** The photo if there is one, else a sky of the person's own: the same id draws the same sky everywhere. */
export function face(p: { id: string; name: string; photo?: string }): HTMLElement {
  const box = h("div", { class: "face" }, sky(p.id, p.name));
  if (p.photo) {
    const img = h("img", { class: "face-photo", alt: "", src: mediaURL(p.photo), decoding: "async", draggable: false });
    // The sky stays underneath, should the photo not come.
    img.addEventListener("error", () => img.remove());
    box.append(img);
  }
  return box;
}

function sky(id: string, name: string): SVGElement {
  const next = dice(id);
  const [top, mid, low, hill] = skies[next(skies.length)]!;
  const grad = uid("sky");
  const moonX = 14 + next(18) + next(2) * 76; // beside the letter
  const moonY = 58 + next(22);
  const stars = Array.from({ length: 9 }, () =>
    svg("circle", { cx: next(120), cy: next(52), r: (4 + next(8)) / 10, fill: "#fff", opacity: (35 + next(60)) / 100 }),
  );
  return svg(
    "svg",
    { viewBox: "0 0 120 120", preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true", class: "face-sky" },
    svg(
      "linearGradient",
      { id: grad, x2: 0, y2: 1 },
      svg("stop", { "stop-color": top }),
      svg("stop", { offset: 0.55, "stop-color": mid }),
      svg("stop", { offset: 0.85, "stop-color": low }),
    ),
    svg("rect", { width: 120, height: 120, fill: `url(#${grad})` }),
    ...stars,
    svg("circle", { cx: moonX, cy: moonY, r: 11 + next(9), fill: "#fff3dc", opacity: 0.92 }),
    svg("path", { d: ridge(next, 84, 14), fill: mid, opacity: 0.75 }),
    svg("path", { d: ridge(next, 97, 10), fill: hill }),
    letter(name),
  );
}

function letter(name: string): SVGElement {
  const el = svg("text", { x: 60, y: 56, "text-anchor": "middle", "dominant-baseline": "central", class: "face-letter" });
  el.textContent = [...name.trim()][0]?.toUpperCase() ?? ""; // somebody who is gone has none
  return el;
}

function ridge(next: (n: number) => number, y: number, rise: number): string {
  const p = [0, 1, 2, 3].map(() => y - next(rise * 2) + rise / 2);
  return `M0 ${p[0]}C20 ${p[0]! - rise} 25 ${p[1]} 42 ${p[1]}S68 ${p[2]! - rise} 82 ${p[2]}S108 ${p[3]} 120 ${p[3]! - rise}V120H0Z`;
}

/** A small deterministic random: FNV-1a of the id, then xorshift. */
function dice(id: string): (n: number) => number {
  let x = 0x811c9dc5;
  for (const c of id) x = Math.imul(x ^ c.codePointAt(0)!, 0x01000193);
  x ||= 1; // xorshift never leaves zero
  return (n) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % n;
  };
}
