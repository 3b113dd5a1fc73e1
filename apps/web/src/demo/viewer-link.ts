import { type DemoInfo, type Invitation, originForOthers, toInvitation } from "./invitation.ts";

/**
 * The link to watch a broadcast.
 * @param broadcast.pass Secret that a private one asks for. It is in the link's fragment, which browsers send to no server.
 */
export function viewerLinkOf(
  pageUrl: string,
  { broadcastId, pass }: { broadcastId: string; pass: string | null },
  info: DemoInfo | undefined,
): Invitation {
  const link = new URL(`/watch/${broadcastId}`, originForOthers(pageUrl, info));
  link.hash = pass ?? "";
  return toInvitation(link);
}
