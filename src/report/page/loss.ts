/// <reference lib="dom" />
import { lossSentences } from "../losses.ts";
import type { LossSummary } from "../model.ts";
import { element } from "./element.ts";

/** What is missing in the recording, or that nothing is: always there, and first. */
export function lossView(losses: LossSummary): HTMLElement {
  const sentences = lossSentences(losses);
  const made = element(
    "section",
    losses.complete ? "losses complete" : "losses",
    element("h2", "", losses.complete ? "Complete" : "Not complete"),
    sentences.length === 1
      ? element("p", "", sentences[0])
      : element("ul", "", ...sentences.map((sentence) => element("li", "", sentence))),
  );
  made.id = "losses";
  return made;
}
