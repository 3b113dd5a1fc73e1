import { ServerFrame } from "@fairlead/protocol";

/** @returns Undefined for what this version does not know: a newer server may say more. */
export function parseFrame(data: unknown): ServerFrame | undefined {
  try {
    return ServerFrame.safeParse(JSON.parse(String(data))).data;
  } catch {
    return undefined;
  }
}
