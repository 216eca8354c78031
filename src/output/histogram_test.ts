import assert from "node:assert/strict";
import { histogram } from "./histogram.ts";

Deno.test("histogram draws bars by their share of the largest, rounded down", () => {
  assert.equal(
    histogram([0, 2, 0, 3, 0], "usecs"),
    "     usecs               : count     distribution\n" +
      "         0 -> 1          : 0        |                                        |\n" +
      "         2 -> 3          : 2        |**************************              |\n" +
      "         4 -> 7          : 0        |                                        |\n" +
      "         8 -> 15         : 3        |****************************************|\n",
  );
});

Deno.test("histogram is nothing without counts", () => {
  assert.equal(histogram([0, 0], "usecs"), "");
});
