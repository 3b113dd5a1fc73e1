import type { SignalingProcess } from "../signaling-process.ts";

/** Waits `delayMs`, give or take a quarter, so that many who wait for the same thing don't come back at once. */
export function pause({ random }: Pick<SignalingProcess, "random">, delayMs: number): Promise<void> {
  const share = (random(new Uint8Array(1))[0] ?? 0) / 255;
  return new Promise((resolve) => setTimeout(resolve, delayMs * (0.75 + share / 2)));
}
