import { createMemorySegments } from "@fairlead/segments/memory";
import { describeSegmentsContract } from "./segments-contract.ts";

describeSegmentsContract("memory", async () => {
  const segments = createMemorySegments({ mediaS: 10, broadcastBytes: 100_000, pieceBytes: 40_000 });
  return { segments, close: () => segments.close() };
});
