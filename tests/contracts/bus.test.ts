import { createMemoryBus } from "@fairlead/bus/memory";
import { describeBusContract } from "./bus-contract.ts";

describeBusContract("memory", async (options) => {
  const bus = createMemoryBus(options);
  return { publisher: bus, subscriber: bus, close: () => bus.close() };
});
