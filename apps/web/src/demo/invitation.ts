export type DemoInfo = { https: boolean; lan: boolean; lanUrls: string[] };

export type Invitation = {
  url: string;
  /** Whom the link reaches. */
  reach: "anyone_with_access" | "this_computer";
};

/**
 * The link that brings others into `room`. On the server's own computer, the address of the page (`localhost`) means
 * nothing to other devices, so its address in the LAN is taken, if it listens there.
 * @param pageUrl Address of this page.
 */
export function invitationOf(pageUrl: string, room: string, info: DemoInfo | undefined): Invitation {
  const link = new URL(new URL(pageUrl).pathname, originForOthers(pageUrl, info));
  link.searchParams.set("room", room);
  return toInvitation(link);
}

/** @returns Where others reach the server of the page. */
export function originForOthers(pageUrl: string, info: DemoInfo | undefined): string {
  const page = new URL(pageUrl);
  const lanUrl = isLoopback(page.hostname) && info?.lan ? info.lanUrls[0] : undefined;
  return lanUrl ?? page.origin;
}

export function toInvitation(link: URL): Invitation {
  return { url: link.href, reach: isLoopback(link.hostname) ? "this_computer" : "anyone_with_access" };
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
