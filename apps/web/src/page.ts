export type Page = { page: "meeting" } | { page: "studio" } | { page: "watch"; broadcastId: string };

/** @returns The page at this path of the address. */
export function pageOf(pathname: string): Page {
  const broadcastId = /^\/watch\/([A-Za-z0-9_-]{1,64})\/?$/.exec(pathname)?.[1];
  if (broadcastId) return { page: "watch", broadcastId };
  return /^\/studio\/?$/.test(pathname) ? { page: "studio" } : { page: "meeting" };
}
