/// <reference lib="dom" />

/** A colour of the page's style, by its name there; charts are drawn again when it changes. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Colours that tell lines apart, of which the style has so many. */
export const LINE_COLOURS = 8;

/** True while the page is made ready for paper. */
export function isPrinted(): boolean {
  return document.documentElement.classList.contains("printed");
}

/** Calls back when colours change: with the reader's preference, and around printing, which is always light. */
export function onThemeChange(redraw: () => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  const print = (on: boolean) => () => {
    document.documentElement.classList.toggle("printed", on);
    redraw();
  };
  addEventListener("beforeprint", print(true));
  addEventListener("afterprint", print(false));
}
