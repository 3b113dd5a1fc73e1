import { createMemoryBus, type MemoryBus } from "@fairlead/bus/memory";
import { describe, expect, it } from "vitest";
import { bytes, collect } from "./bus-adapter.ts";
import { describeBusContract } from "./bus-contract.ts";
import { type CuttableAdapter, describeCuts } from "./bus-contract-cuts.ts";

describeBusContract("memory", async ({ onHandlerError }) => {
  const bus = createMemoryBus({ onHandlerError });
  const others: MemoryBus[] = [];
  const connect = () => {
    const connection = bus.connect();
    others.push(connection);
    return connection;
  };
  return {
    publisher: bus,
    subscriber: connect(),
    connectSubscriber: async () => connect(),
    close: async () => void (await Promise.all([bus, ...others].map((each) => each.close()))),
  };
});

describe("bus contract: memory", () => {
  describeCuts(async ({ onHandlerError }): Promise<CuttableAdapter> => {
    const bus = createMemoryBus({ onHandlerError });
    const connections: MemoryBus[] = [];
    return {
      connect: async () => {
        const connection = bus.connect();
        connections.push(connection);
        return connection;
      },
      cut: async () => {
        for (const connection of connections) connection.cut();
      },
      restore: async () => {
        for (const connection of connections) connection.restore();
      },
      close: async () => void (await Promise.all(connections.map((each) => each.close()))),
    };
  });
});

describe("a memory bus of which one connection is cut", () => {
  it("goes on between the others, who find nobody behind the one that is cut", async () => {
    const bus = createMemoryBus();
    const [cut, other] = [bus.connect(), bus.connect()];
    const [cutInbox, otherInbox] = [collect(), collect()];
    cut.subscribe("cut", cutInbox.handler);
    cut.subscribe("both", cutInbox.handler);
    other.subscribe("both", otherInbox.handler);
    cut.cut();
    cut.cut();
    await expect(bus.request("cut", bytes(""), { timeoutMs: 600_000 })).rejects.toMatchObject({
      code: "node_unreachable",
    });
    bus.publish("both", bytes("one"));
    await otherInbox.until(1);
    cut.restore();
    cut.restore();
    bus.publish("both", bytes("two"));
    await Promise.all([otherInbox.until(2), cutInbox.until(1)]);
    expect([otherInbox.texts(), cutInbox.texts()]).toEqual([["one", "two"], ["two"]]);
    await Promise.all([bus.close(), cut.close(), other.close()]);
  });
});
