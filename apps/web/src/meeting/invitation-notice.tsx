import { IconButton } from "../ui/icon-button.tsx";
import type { InvitationNotice as Notice } from "./use-invitation.ts";

export function InvitationNotice({ notice, onClose }: { notice: Notice; onClose: () => void }) {
  return (
    <div className="notice notice--closable">
      <div role="status">
        <p>{notice.text}</p>
        {!notice.isCopied && (
          <input
            readOnly
            aria-label="Invitation link"
            value={notice.url}
            onFocus={(event) => event.target.select()}
          />
        )}
      </div>
      <IconButton icon="close" label="Close notice" onClick={onClose} />
    </div>
  );
}
