import { svg } from "./dom.ts";

/** Line drawings on a 24 grid. */
const paths = {
  mic: "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM5 11a7 7 0 0 0 14 0M12 18v3",
  camera: "M3 7.5A1.5 1.5 0 0 1 4.5 6h9A1.5 1.5 0 0 1 15 7.5v9a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 3 16.5ZM15 10.5l6-3v9l-6-3",
  micOff: "M9 9V6a3 3 0 0 1 6 0v6M13 14.8A3 3 0 0 1 9 12v-.5M5 11a7 7 0 0 0 10.5 6M18.7 13a7 7 0 0 0 .3-2M12 18v3M3.5 3.5l17 17",
  cameraOff: "M9.5 6h4A1.5 1.5 0 0 1 15 7.5V11M15 15v1.5a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 3 16.5v-9A1.5 1.5 0 0 1 4.5 6H6M15 10.5l6-3v9l-4-2M3.5 3.5l17 17",
  chat: "M4 5h16v11H9l-5 4V5ZM8 9h8M8 12h5",
  flag: "M5 21V4M5 4h12l-2 4 2 4H5",
  leave: "M3.5 14.5c4.7-4.7 12.3-4.7 17 0l-2.4 2.4-3.4-1.6v-2.6a10 10 0 0 0-5.4 0v2.6l-3.4 1.6Z",
  lobby: "M12 3l1.8 4.7L18.5 9.5l-4.7 1.8L12 16l-1.8-4.7L5.5 9.5l4.7-1.8ZM18 15l.9 2.1L21 18l-2.1.9L18 21l-.9-2.1L15 18l2.1-.9ZM5.5 16l.6 1.4 1.4.6-1.4.6-.6 1.4-.6-1.4L3.5 18l1.4-.6Z",
  history: "M12 7v5l3.5 2M4 12a8 8 0 1 0 2.5-5.8M4 4v4h4",
  profile: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20a7.5 7.5 0 0 1 15 0",
  out: "M10 4H5v16h5M15 8l4 4-4 4M19 12H9",
  sound: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5ZM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  quiet: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5ZM16 9.5l5 5M21 9.5l-5 5",
} as const;

export function icon(name: keyof typeof paths): SVGElement {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, svg("path", { d: paths[name] }));
}
