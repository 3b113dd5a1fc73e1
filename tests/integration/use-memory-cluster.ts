import { afterAll, beforeAll, expect } from "vitest";
import {
  type MemoryCluster,
  type MemoryClusterOptions,
  startMemoryCluster,
} from "../support/clusters/start-memory-cluster.ts";

/** One cluster for the tests of a file. What was logged as a bug meanwhile fails the file. */
export function useMemoryCluster(
  started: (cluster: MemoryCluster) => void,
  options?: MemoryClusterOptions,
): void {
  let cluster: MemoryCluster;
  beforeAll(async () => {
    cluster = await startMemoryCluster(options);
    started(cluster);
  });
  afterAll(async () => {
    expect(cluster.bugs).toEqual([]);
    await cluster.close();
  });
}
