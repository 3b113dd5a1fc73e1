import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { callSubject } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import type { LedgerEntry } from "@fairlead/mediasoup-worker/ledger";
import { type NodeCallName, subjects } from "@fairlead/protocol";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it, onTestFinished } from "vitest";
import { Children } from "../encoder/children.ts";
import { LiveSurplus } from "./live-surplus.ts";
import { serveLive } from "./serve-live.ts";

const OWNER = { core: 0, roomId: "show", publisherId: "ann" };
const transport = (id: string): LedgerEntry => ({ id, kind: "transport", core: 0, owner: OWNER });

/** A process with a transport and a program of a publisher, and one of each that nobody has. */
function setUp() {
  const bus = createMemoryBus();
  const children = new Children();
  const [used, lost] = [startProgram(children), startProgram(children)];
  const entries = new Map(["used", "lost"].map((id) => [id, transport(id)]));
  let nowMs = 0;
  const surplus = new LiveSurplus({
    ...{ nodeId: "live-1", children, log: silentLogger, now: () => nowMs },
    ledger: { entries: () => [...entries.values()], close: (id) => void entries.delete(id) },
    ownedPids: () => [used.pid, undefined],
    isUsed: (publisherId, { id }) => publisherId === "ann" && id === "used",
  });
  let isDraining = false;
  onTestFinished(
    serveLive({
      ...{ bus, incarnation: "run-1", surplus, log: silentLogger },
      state: () => (isDraining ? "draining" : "ready"),
      publishers: () => 2,
      drain: () => {
        isDraining = true;
      },
      undrain: () => {
        isDraining = false;
      },
    }),
  );
  const ask = <N extends NodeCallName>(name: N, data = {}) =>
    callSubject(bus, subjects.liveCall("run-1"), name, data as never);
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { ask, pass, lost, entries, surplus };
}

function startProgram(children: Children): ChildProcess {
  const child = spawn("sleep", ["60"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  children.watch(child);
  return child;
}

it("a transport and a program that no publisher has are listed once they have settled, and reclaimed", async () => {
  const { ask, pass, lost, entries } = setUp();
  expect(await ask("node.surplus")).toEqual({ surplus: [], processes: [] });
  pass(5_000);
  const id = `ffmpeg-${lost.pid}`;
  expect(await ask("node.surplus")).toEqual({
    surplus: [{ ...transport("lost"), nodeId: "live-1", sinceMs: 0 }],
    processes: [{ nodeId: "live-1", id, pid: lost.pid, sinceMs: 0 }],
  });
  const ended = once(lost, "exit");
  expect(await ask("node.reclaim", { ids: [id, "used"] })).toEqual({ reclaimed: 1 });
  await ended;
  expect(await ask("node.reclaim")).toEqual({ reclaimed: 1 });
  expect([...entries.keys()]).toEqual(["used"]);
  expect(await ask("node.surplus")).toEqual({ surplus: [], processes: [] });
});

it("what nobody has had for 30 seconds goes by itself", async () => {
  const { pass, lost, surplus } = setUp();
  surplus.sweep();
  pass(30_000);
  const ended = once(lost, "exit");
  surplus.sweep();
  await ended;
});

it("it is drained, and says how many publishers it still has", async () => {
  const { ask } = setUp();
  expect(await ask("node.drain")).toEqual({ state: "draining", rooms: 2 });
  expect(await ask("node.undrain")).toEqual({ state: "ready", rooms: 2 });
  expect(await ask("node.ping")).toEqual({});
});
