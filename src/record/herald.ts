import { isCallError, type Kernel, type Notifier } from "../kernel.ts";
import { total } from "../loss.ts";
import type { Conductor, Track } from "./recorder.ts";

const BEAT_MS = 1000, STATUS_MS = 10_000;

/**
 * The conductor, whose every question is a sign that recording goes on: where systemd wants to know (sd_notify(3)), it is
 * told of the begin, of every second and of the end.
 */
export function heralded(
  conductor: Conductor,
  kernel: Pick<Kernel, "openNotifier" | "now_ms">,
  receiver: string | undefined,
  tracks: readonly Track[],
  warn: (line: string) => void,
): Conductor {
  const notifier = receiver === undefined ? undefined : open(kernel, receiver, warn);
  if (!notifier) return conductor;
  let ready = false, ended = false, beat_ms = -Infinity, status_ms = -Infinity;
  const tell = () => {
    const now_ms = kernel.now_ms();
    if (ready && now_ms - beat_ms < BEAT_MS) return;
    const isStatusDue = now_ms - status_ms >= STATUS_MS;
    const states = [ready ? "WATCHDOG=1" : "READY=1", ...isStatusDue ? [`STATUS=${status(tracks)}`] : []];
    if (!notifier.send(states.join("\n"))) return;
    ready = true;
    beat_ms = now_ms;
    if (isStatusDue) status_ms = now_ms;
  };
  return {
    rotating: conductor.rotating,
    stopping() {
      const stopping = conductor.stopping();
      if (!stopping || !ready) tell(); // an end without a begin would be a failure to systemd
      if (stopping && !ended) ended = notifier.send(`STOPPING=1\nSTATUS=${status(tracks)}`);
      return stopping;
    },
  };
}

function open(kernel: Pick<Kernel, "openNotifier">, receiver: string, warn: (line: string) => void) {
  try {
    return kernel.openNotifier(receiver) satisfies Notifier | undefined;
  } catch (error) {
    if (!isCallError(error)) throw error;
    warn(`systemd cannot be told that recording began: NOTIFY_SOCKET is '${receiver}' (errno ${error.errno}).`);
    return undefined;
  }
}

function status(tracks: readonly Track[]): string {
  const recorded = tracks.map(({ tool, events, losses }) => {
    const lost = total(losses());
    return `${tool} ${events}${lost > 0 ? ` (${lost} lost)` : ""}`;
  });
  return `Events recorded: ${recorded.join(", ")}`;
}
