import { useRef } from "react";
import { fitGrid } from "../layout/fit-grid.ts";
import type { PeerView } from "./room-view.ts";
import { PeerTile } from "./tile.tsx";
import { useElementSize } from "./use-element-size.ts";

/** All peers at the same size, as large as the space allows. */
export function Grid({ peers }: { peers: PeerView[] }) {
  const grid = useRef<HTMLDivElement>(null);
  const { tile } = fitGrid(useElementSize(grid), peers.length);
  return (
    <div ref={grid} className="grid">
      {peers.map((peer) => (
        <PeerTile key={peer.isSelf ? "self" : peer.peerId} peer={peer} style={tile} />
      ))}
    </div>
  );
}
