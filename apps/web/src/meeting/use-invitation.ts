import { useState } from "react";
import { type DemoInfo, invitationOf } from "../demo/invitation.ts";
import { HTTPS_COMMAND } from "../media/problem-text.ts";
import { copyText } from "../ui/copy-text.ts";

export type InvitationNotice = { text: string; url: string; isCopied: boolean };

/** Copies the invitation; where the browser refuses (plain HTTP), the link is shown to be copied by hand. */
export function useInvitation(roomId: string, info: DemoInfo | undefined) {
  const [notice, setNotice] = useState<InvitationNotice>();
  const copy = async () => {
    const { url, reach } = invitationOf(window.location.href, roomId, info);
    const isCopied = await copyText(url);
    const limit =
      reach === "this_computer"
        ? ` It works on this computer only: for others, start the server with “${HTTPS_COMMAND}”.`
        : "";
    setNotice({ url, isCopied, text: `${isCopied ? "Invitation link copied." : "Copy this link:"}${limit}` });
  };
  return { notice, copy, dismiss: () => setNotice(undefined) };
}
