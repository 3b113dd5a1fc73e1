import { Grid } from "./grid.tsx";
import type { PeerView } from "./room-view.ts";
import { PeerTile, ScreenTile } from "./tile.tsx";

/**
 * People in a grid; or, once somebody else shares a screen, that screen large and the people in a strip. A person's own screen is not
 * shown to them: it may show this very page, and so itself without end.
 */
export function Stage({ self, others }: { self: PeerView; others: PeerView[] }) {
  const people = [...others, self];
  const [shown, ...waiting] = others.filter((peer) => peer.screen);
  if (!shown) return <Grid peers={people} />;
  return (
    <div className="stage">
      <ScreenTile peer={shown} />
      <div className="stage__strip">
        {waiting.map((peer) => (
          <ScreenTile key={`screen ${peer.peerId}`} peer={peer} />
        ))}
        {people.map((peer) => (
          <PeerTile key={peer.isSelf ? "self" : peer.peerId} peer={peer} />
        ))}
      </div>
    </div>
  );
}
