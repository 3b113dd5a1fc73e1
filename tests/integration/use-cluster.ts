import { afterAll, beforeAll, expect } from "vitest";
import { type Cluster, type ClusterOptions, startCluster } from "./start-cluster.ts";

/** One cluster for the tests of a file. What was logged as a bug meanwhile fails the file. */
export function useCluster(started: (cluster: Cluster) => void, options?: ClusterOptions): void {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster(options);
    started(cluster);
  });
  afterAll(async () => {
    expect(cluster.bugs).toEqual([]);
    await cluster.close();
  });
}
