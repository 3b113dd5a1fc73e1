/** The few classes of node-media-server that this uses. It brings no types. */
declare module "node-media-server/src/protocol/rtmp.js" {
  type Header = {
    fmt: number;
    cid: number;
    timestamp: number;
    length: number;
    type: number;
    stream_id: number;
  };
  type Packet = { header: Header; clock: number; payload: Buffer; bytes: number };
  /** As AMF0 brings it: nothing is known of the kinds of its values. */
  type Invocation = { cmd: string; transId?: unknown; cmdObj?: unknown; streamName?: unknown };

  class Rtmp {
    parserPacket: Packet;
    inPackets: Map<number, Packet>;
    inChunkSize: number;
    outChunkSize: number;
    ackSize?: number;
    objectEncoding: unknown;
    streamApp: string;
    streamName: string;
    streamId: number;
    flv: unknown;
    onOutputCallback: (bytes: Buffer) => void;
    parserData(bytes: Buffer): string | null;
    packetAlloc(): void;
    chunkMessageHeaderRead(): number;
    controlHandler(): void;
    dataHandler(): void;
    onConnect(message: Invocation): void;
    onPublish(message: Invocation): void;
    onPlay(message: Invocation): void;
    onDeleteStream(message: Invocation): void;
    sendACK(bytes: number): void;
    sendWindowACK(bytes: number): void;
    setPeerBandwidth(bytes: number, type: number): void;
    setChunkSize(bytes: number): void;
    respondConnect(transactionId: unknown): void;
    respondPublish(): void;
    sendStatusMessage(streamId: number, level: "status" | "error", code: string, description: string): void;
    sendInvokeMessage(streamId: number, message: Record<string, unknown>): void;
  }
  export = Rtmp;
}

declare module "node-media-server/src/protocol/flv.js" {
  const Flv: {
    createHeader(hasAudio: boolean, hasVideo: boolean): Buffer;
    createMessage(packet: { codec_type: number; size: number; dts: number; data: Buffer }): Buffer;
  };
  export = Flv;
}

declare module "node-media-server/src/core/logger.js" {
  const logger: { log(message: string, level?: string): void };
  export = logger;
}
