import assert from "node:assert/strict";
import { newView } from "./view.ts";

/** A view of numbers for reports, and what it drew: each with the order that was set. */
function view() {
  const given = new Map<string, unknown>(), drawn: string[] = [];
  const screen = { pressed: "", resized: false };
  const made = newView<number>(
    {
      keys() {
        const keys = screen.pressed;
        screen.pressed = "";
        return keys;
      },
      stale() {
        const was = screen.resized;
        screen.resized = false;
        return was;
      },
    },
    { r: ["sort", "rx"], t: ["sort", "tx"] },
    given,
    (report) => {
      drawn.push(`${report} by ${given.get("sort") ?? "both"}`);
      return Promise.resolve();
    },
  );
  const press = async (keys: string) => {
    screen.pressed += keys;
    await made.look();
  };
  const resize = async () => {
    screen.resized = true;
    await made.look();
  };
  return { made, drawn, press, resize };
}

Deno.test("a view draws each report, and the last one anew when a key sorts it or the window changes", async () => {
  const { made, drawn, press, resize } = view();
  await press("r"); // nothing is there to draw yet
  await made.show(1, false);
  await press("t");
  await resize();
  await press("x"); // which means nothing
  await made.show(2, false);
  assert.deepEqual(drawn, ["1 by rx", "1 by tx", "1 by tx", "2 by tx"]);
});

Deno.test("the space bar holds a report, which keys still sort, and lets go to the latest", async () => {
  const { made, drawn, press, resize } = view();
  await made.show(1, false);
  await press(" ");
  await made.show(2, false);
  await made.show(3, false);
  await press("t");
  await resize();
  await press(" ");
  await made.show(4, false);
  assert.deepEqual(drawn, ["1 by both", "1 by both", "1 by tx", "1 by tx", "3 by tx", "4 by tx"]);
});

Deno.test("q quits, and the last report is shown even if the view was held", async () => {
  const { made, drawn, press } = view();
  await press(" q");
  assert.equal(made.quitting(), true);
  await made.show(1, true);
  assert.deepEqual(drawn, ["1 by both"]);
});
