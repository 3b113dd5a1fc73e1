import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** `studio`: runs the broadcast. `watch`: watches it, where it is private. */
export type Right = "studio" | "watch";

export type DemoSecrets = {
  of(right: Right, broadcastId: string): string;
  /** In constant time. */
  isValid(given: string, right: Right, broadcastId: string): boolean;
};

/** Secrets that are kept nowhere: each follows from a key of this process, so they end with it, as its broadcasts do. */
export function createDemoSecrets(): DemoSecrets {
  const key = randomBytes(32);
  const digest = (right: Right, broadcastId: string) =>
    createHmac("sha256", key).update(`${right}:${broadcastId}`).digest();
  return {
    of: (right, broadcastId) => digest(right, broadcastId).toString("base64url"),
    isValid: (given, right, broadcastId) => {
      const bytes = Buffer.from(given, "base64url");
      const expected = digest(right, broadcastId);
      return bytes.length === expected.length && timingSafeEqual(bytes, expected);
    },
  };
}
