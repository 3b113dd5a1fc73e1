import { type Bus, type NodeCallHandlers, serveSubject } from "@fairlead/bus";
import { type NodeState, subjects } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { LiveSurplus } from "./live-surplus.ts";

const SWEEP_MS = 2_000;

export type ServeLiveOptions = {
  bus: Bus;
  incarnation: string;
  surplus: LiveSurplus;
  state: () => NodeState;
  publishers: () => number;
  drain: () => void;
  undrain: () => void;
  log: Logger;
};

/** Answers what an operator asks of this process. @returns Stops it. */
export function serveLive(options: ServeLiveOptions): () => void {
  const { bus, incarnation, surplus, log } = options;
  const onBug = (error: unknown, name: string) => log.error("call.failed", { name, error });
  const serving = serveSubject(bus, subjects.liveCall(incarnation), handlersOf(options), { onBug });
  const timer = setInterval(() => surplus.sweep(), SWEEP_MS);
  return () => {
    clearInterval(timer);
    serving.unsubscribe();
  };
}

function handlersOf({
  surplus,
  state,
  publishers,
  drain,
  undrain,
}: ServeLiveOptions): Partial<NodeCallHandlers> {
  const drainState = () => ({ state: state(), rooms: publishers() });
  return {
    "node.ping": () => ({}),
    "node.drain": () => {
      drain();
      return drainState();
    },
    "node.undrain": () => {
      undrain();
      return drainState();
    },
    "node.surplus": ({ cursor }) => surplus.page(cursor),
    "node.reclaim": ({ ids }) => ({ reclaimed: surplus.reclaim(ids) }),
  };
}
