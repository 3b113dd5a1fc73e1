/** Something that happens to the cluster. A room opens with its first join. */
export type WorkloadEvent = { atMs: number } & (
  | { kind: "join"; roomId: string }
  | { kind: "leave"; roomId: string }
  /** All that are in it leave. */
  | { kind: "end"; roomId: string }
  | { kind: "death" | "start"; node: number }
);

export interface Workload {
  /** @returns What happens in [fromMs, toMs), in order. Spans are asked for once each, without gaps. */
  take(fromMs: number, toMs: number): WorkloadEvent[];
}
