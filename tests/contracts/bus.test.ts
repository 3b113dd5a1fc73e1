import { createMemoryBus } from "@fairlead/bus/memory";
import { describeBusContract } from "./bus-contract.ts";

describeBusContract("memory", async ({ onHandlerError }) => {
  const bus = createMemoryBus({ onHandlerError });
  return {
    publisher: bus,
    subscriber: bus,
    connectSubscriber: async () => bus,
    close: () => bus.close(),
  };
});
