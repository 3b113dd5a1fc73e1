import { useState } from "react";
import { Avatar } from "../meeting/avatar.tsx";
import { QualityBars } from "../meeting/quality-bars.tsx";
import type { RoomView } from "../meeting/room-view.ts";
import { nameOf } from "../meeting/tile.tsx";
import { Icon } from "../ui/icon.tsx";
import { Panel } from "../ui/panel.tsx";
import { ModerationButtons } from "./moderation-buttons.tsx";
import type { Moderation } from "./use-moderation.ts";

type Props = { id: string; moderation: Moderation; view: RoomView; onClose: () => void };

export function PeoplePanel({ id, moderation, view, onClose }: Props) {
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
            <span className="people__name">
              <bdi>{nameOf(peer)}</bdi>
              {peer.isAway && <span className="people__away">Connection lost</span>}
            </span>
            {!peer.isMicrophoneOn && <Icon name="microphone-off" />}
            <QualityBars quality={peer.quality} />
            {view.canModerate && !peer.isSelf && (
              <ModerationButtons peer={peer} moderation={moderation} run={run} />
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
