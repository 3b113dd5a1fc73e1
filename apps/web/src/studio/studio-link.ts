import type { StudioRight } from "../demo/broadcasts.ts";

/** @param hash As of `location`: `#{broadcast}.{secret}`. @returns undefined where the link names no broadcast. */
export function readStudioLink(hash: string): StudioRight | undefined {
  const [, broadcastId, secret] = /^#([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{16,128})$/.exec(hash) ?? [];
  return broadcastId && secret ? { broadcastId, secret } : undefined;
}

/** Its fragment: browsers send it to no server. */
export function studioHash({ broadcastId, secret }: StudioRight): string {
  return `#${broadcastId}.${secret}`;
}
