import { useDemoInfo } from "../demo/use-demo-info.ts";
import { viewerLinkOf } from "../demo/viewer-link.ts";
import { HTTPS_COMMAND } from "../media/problem-text.ts";
import { CopyField } from "../ui/copy-field.tsx";

/** @param pass Of a private broadcast; null: it needs none. */
export function ViewersLink({ broadcastId, pass }: { broadcastId: string; pass: string | null }) {
  const info = useDemoInfo();
  const link = viewerLinkOf(window.location.href, { broadcastId, pass }, info);
  return (
    <section className="card" aria-labelledby="link">
      <h2 id="link">For your viewers</h2>
      <CopyField
        label="Viewers' link"
        value={link.url}
        {...(link.reach === "this_computer"
          ? {
              hint: `It works on this computer only: for others, start the server with “${HTTPS_COMMAND}”.`,
            }
          : {})}
      />
    </section>
  );
}
