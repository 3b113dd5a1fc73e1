/** One received track, as the browser's statistics tell it. */
export type ReceivedTrack = {
  /** Which peer connection of the page, counted from 0 in the order they were made. */
  connection: number;
  kind: "audio" | "video";
  id: string;
  /** Video: frames decoded so far. */
  framesDecoded: number;
  /** Audio: integral of the squared level (0..1) over time, s (W3C webrtc-stats `totalAudioEnergy`). */
  energy: number;
  /** Audio: seconds of samples played out so far. */
  durationS: number;
};

/** How a peer connection's packets go. */
export type MediaPath = {
  /** Of this side's candidate: `host`, `srflx`, `prflx`, `relay`. */
  type: string;
  /** Of the same candidate: `udp` or `tcp`. Of a relay: what it speaks with the node. */
  protocol: string;
  remotePort: number;
  /** To the TURN server: `udp`, `tcp`, `tls`. */
  relayProtocol?: string;
};

export type RtcSample = {
  /** How many peer connections the page has made so far. */
  connections: number;
  /** Of those that are not closed. */
  received: ReceivedTrack[];
  /** Remote ports of the candidate pairs in use. */
  remotePorts: number[];
  /** Of the same connections: the selected candidate pairs. */
  paths: MediaPath[];
  /** Names that each has for TURN servers, as of its last configuration. */
  turnUsers: string[];
};

type Probe = { sample(): Promise<RtcSample> };
declare global {
  var rtcProbe: Probe;
}

/**
 * Runs in the page before its own scripts: keeps every RTCPeerConnection that the page makes, so that a test can ask
 * for statistics without hooks in the product. Self-contained: it is sent to the browser as text.
 */
export function installRtcProbe(): void {
  const connections: RTCPeerConnection[] = [];
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      connections.push(this);
    }
  };
  // biome-ignore lint/suspicious/noExplicitAny: the DOM library types no members of the several kinds of statistics
  type Stats = any;
  const receivedOf = (stats: Stats[], connection: number): ReceivedTrack[] =>
    stats
      .filter(({ type }) => type === "inbound-rtp")
      .map(({ id, kind, framesDecoded = 0, totalAudioEnergy = 0, totalSamplesDuration = 0 }) => ({
        connection,
        kind,
        id,
        framesDecoded,
        energy: totalAudioEnergy,
        durationS: totalSamplesDuration,
      }));
  const portsOf = (stats: Stats[]): number[] => {
    const pairs = stats.filter(({ type, state }) => type === "candidate-pair" && state === "succeeded");
    return pairs.flatMap((pair) => stats.find(({ id }) => id === pair.remoteCandidateId)?.port ?? []);
  };
  const pathsOf = (stats: Stats[]): MediaPath[] => {
    const byId = new Map(stats.map((one) => [one.id, one]));
    const pairs = stats.flatMap(({ type, selectedCandidatePairId }) =>
      type === "transport" ? (byId.get(selectedCandidatePairId) ?? []) : [],
    );
    return pairs.map(({ localCandidateId, remoteCandidateId }) => {
      const { candidateType, protocol, relayProtocol } = byId.get(localCandidateId);
      return { type: candidateType, protocol, remotePort: byId.get(remoteCandidateId).port, relayProtocol };
    });
  };
  const turnUsersOf = (connection: RTCPeerConnection): string[] =>
    (connection.getConfiguration().iceServers ?? []).flatMap(({ username }) => username || []);
  const sampleOf = async (connection: RTCPeerConnection, index: number) => {
    if (connection.connectionState === "closed")
      return { received: [], remotePorts: [], paths: [], turnUsers: [] };
    const stats = [...(await connection.getStats()).values()];
    return {
      received: receivedOf(stats, index),
      remotePorts: portsOf(stats),
      paths: pathsOf(stats),
      turnUsers: turnUsersOf(connection),
    };
  };
  globalThis.rtcProbe = {
    sample: async () => {
      const samples = await Promise.all(connections.map(sampleOf));
      return {
        connections: connections.length,
        received: samples.flatMap(({ received }) => received),
        remotePorts: samples.flatMap(({ remotePorts }) => remotePorts),
        paths: samples.flatMap(({ paths }) => paths),
        turnUsers: samples.flatMap(({ turnUsers }) => turnUsers),
      };
    },
  };
}
