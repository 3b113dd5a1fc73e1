import type { Room } from "@fairlead/client";
import { useState } from "react";
import { Avatar } from "../meeting/avatar.tsx";
import { QualityBars } from "../meeting/quality-bars.tsx";
import type { PeerView, RoomView } from "../meeting/room-view.ts";
import { nameOf } from "../meeting/tile.tsx";
import { Icon } from "../ui/icon.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Panel } from "../ui/panel.tsx";

type Props = { id: string; room: Room; view: RoomView; onClose: () => void };

export function PeoplePanel({ id, room, view, onClose }: Props) {
  const [failure, setFailure] = useState<string>();
  const run = (action: Promise<void>) => {
    setFailure(undefined);
    action.catch((error: Error) => setFailure(`That did not work: ${error.message}.`));
  };
  return (
    <Panel id={id} title="People" onClose={onClose}>
      {failure && (
        <p role="alert" className="notice notice--error">
          {failure}
        </p>
      )}
      <ul className="people">
        {[view.self, ...view.others].map((peer) => (
          <li key={peer.peerId} className="people__row">
            <Avatar name={peer.name} />
            <span className="people__name">{nameOf(peer)}</span>
            {!peer.isMicrophoneOn && <Icon name="microphone-off" />}
            <QualityBars quality={peer.quality} />
            {view.canModerate && !peer.isSelf && <Moderation peer={peer} room={room} run={run} />}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

type ModerationProps = { peer: PeerView; room: Room; run: (action: Promise<void>) => void };

/** The same button lifts a mute that this tab set. Nobody can unmute a person who muted themselves. */
function Moderation({ peer, room, run }: ModerationProps) {
  const [isLocked, setIsLocked] = useState(false);
  const setLock = (locked: boolean) =>
    run(room.mutePeer(peer.peerId, "microphone", locked).then(() => setIsLocked(locked)));
  return (
    <span className="people__actions">
      <IconButton
        icon={isLocked ? "microphone" : "microphone-off"}
        label={isLocked ? `Let ${peer.name} speak` : `Mute ${peer.name}`}
        onClick={() => setLock(!isLocked)}
      />
      <IconButton
        icon="remove"
        label={`Remove ${peer.name}`}
        onClick={() => run(room.removePeer(peer.peerId))}
      />
    </span>
  );
}
