const name = "Napalm Sky";
let timer: ReturnType<typeof setInterval> | undefined;

/** Makes the tab's title blink with this text; "" goes back to the name. */
export function flashTitle(text: string): void {
  clearInterval(timer);
  timer = undefined;
  document.title = name;
  if (!text) return;
  let lit = false;
  const flip = () => {
    lit = !lit;
    document.title = lit ? `● ${text}` : name;
  };
  flip();
  timer = setInterval(flip, 1000);
}
