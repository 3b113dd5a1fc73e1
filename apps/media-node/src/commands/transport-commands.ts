import type { types } from "mediasoup";
import { refuseBadMedia } from "../room/call-mediasoup.ts";
import type { CommandHandlers } from "./command-handlers.ts";

export const transportCommands = {
  "transport.connect": async ({ peer }, { transportId, dtlsParameters }) => {
    const transport = peer.transport(transportId);
    await refuseBadMedia(peer, () =>
      transport.connect({ dtlsParameters: dtlsParameters as types.DtlsParameters }),
    );
    return {};
  },
  "transport.restart_ice": async ({ room, peer }, { transportId }) => {
    const transport = peer.transport(transportId);
    peer.budgets.charge({ iceRestarts: 1 });
    const iceParameters = await refuseBadMedia(peer, () => transport.restartIce());
    return { iceParameters, iceServers: room.deps.iceServersFor(peer.identity) };
  },
} satisfies Partial<CommandHandlers>;
