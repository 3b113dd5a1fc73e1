import { FairleadError, type Grants, type JoinReply, type RoomEvent, type Source } from "@fairlead/protocol";
import type { ConnectionState, RoomEvents } from "./api/events.ts";
import type {
  DeviceChoice,
  PublishOptions,
  RemoveOptions,
  ScreenOptions,
  SendOptions,
} from "./api/options.ts";
import type { Room } from "./api/room.ts";
import type { ConnectionQuality, LocalTrack, SelfPeer } from "./api/tracks.ts";
import { applyEvent } from "./apply-change.ts";
import type { OwnClaims } from "./connection/read-ticket.ts";
import type { RoomLink, RoomLinkHandlers } from "./connection/room-link.ts";
import type { SendCommand } from "./connection/session.ts";
import { LocalTracks } from "./local/local-tracks.ts";
import { Publisher } from "./local/publisher.ts";
import type { MediaDevice } from "./media/media-device.ts";
import { RoomModel } from "./model/room-model.ts";
import { Speakers } from "./model/speakers.ts";
import { OwnPeer } from "./own-peer.ts";
import { watchPage } from "./page-events.ts";
import { Places } from "./places.ts";
import { Playback } from "./remote/playback.ts";
import { RemotePeers } from "./remote/remote-peers.ts";
import { Visibility } from "./remote/visibility.ts";
import { Wishes } from "./remote/wishes.ts";
import { RoomMedia } from "./room-media.ts";
import { TypedEmitter } from "./typed-emitter.ts";

type ClientRoomOptions = {
  device: MediaDevice;
  claims: OwnClaims;
  iceTransportPolicy: RTCIceTransportPolicy;
  pauseInvisibleVideo: boolean;
  createLink: (handlers: RoomLinkHandlers) => RoomLink;
  leaveWithPage: (room: Room) => void;
};

/** The room as the app sees it. Connects the events of the link with the media. */
export class ClientRoom implements Room {
  connectionState: ConnectionState = "connecting";
  quality: ConnectionQuality = "unknown";
  readonly #options: ClientRoomOptions;
  readonly #emitter = new TypedEmitter<RoomEvents>();
  readonly #model = new RoomModel();
  readonly #visibility = new Visibility();
  readonly #wishes = new Wishes();
  readonly #playback = new Playback(this.#emitter);
  readonly #link: RoomLink;
  readonly #remote: RemotePeers;
  readonly #local: LocalTracks;
  readonly #publisher: Publisher;
  readonly peers: Room["peers"];
  readonly local: Room["local"];
  readonly self: SelfPeer;
  readonly #stopWatchingPage: () => void;
  readonly #firstJoin = Promise.withResolvers<void>();
  /** Set before all ends: a listener that hears of it may leave. */
  #end: FairleadError | null = null;
  #joined: JoinReply | null = null;
  #grants: Grants = { publish: [], subscribe: false, data: false, moderate: false };
  readonly #places: Places;
  readonly #speakers = new Speakers(this.#emitter);

  constructor(options: ClientRoomOptions) {
    this.#options = options;
    this.#firstJoin.promise.catch(() => {}); // Without a call of `join()` nobody would handle the rejection.
    this.#link = options.createLink(this.#linkHandlers());
    this.#remote = new RemotePeers({
      emitter: this.#emitter,
      trackContext: {
        playback: this.#playback,
        visibility: this.#visibility,
        wishes: this.#wishes,
        pauseInvisibleVideo: options.pauseInvisibleVideo,
        command: this.#link.command,
        wantedChanged: (consumerId, isWanted) =>
          this.#places.media?.subscriptions.setWanted(consumerId, isWanted),
      },
    });
    this.#local = new LocalTracks({
      emitter: this.#emitter,
      command: this.#link.command,
      device: () => options.device.current,
      isMutedByModerator: (source) => this.#model.contents.mutedByModerator.has(source),
    });
    this.#places = new Places({ local: this.#local, remote: this.#remote });
    this.#publisher = new Publisher({ local: this.#local, grants: () => this.#grants });
    this.peers = this.#remote.peers;
    this.local = this.#local.tracks;
    this.self = new OwnPeer(this, this.#model, options.claims);
    this.#stopWatchingPage = watchPage({
      gone: () => options.leaveWithPage(this),
      online: () => {
        this.#link.retryNow();
        this.#places.media?.transports.restartIce();
      },
      offline: () => this.#link.checkLife(),
    });
  }

  get signalingTransport(): Room["signalingTransport"] {
    return this.#link.transport;
  }

  get roomId(): string {
    return this.#joined?.roomId ?? "";
  }

  get peerId(): string {
    return this.#joined?.peerId ?? "";
  }

  get grants(): Grants {
    return this.#grants;
  }

  get isViewer(): boolean {
    return this.#joined !== null && !this.#joined.sendTransport;
  }

  get broadcast(): Room["broadcast"] {
    return this.#model.contents.broadcast;
  }

  get viewerCount(): number | null {
    return this.#model.contents.viewerCount;
  }

  get canPlayAudio(): boolean {
    return this.#playback.canPlay;
  }

  get lastRefusal(): FairleadError | null {
    return this.#link.lastRefusal;
  }

  /** @throws {FairleadError} The reason why the room was not entered; everything is freed then. */
  async join(): Promise<void> {
    this.#link.start();
    await this.#firstJoin.promise;
  }

  /** Frees everything but the link, which still leaves a session that may be on its way; a pending join fails with `reason`. */
  abandon(reason: unknown): void {
    void this.#link.leave();
    this.#free(new FairleadError("session_left"), reason);
  }

  /** Frees everything at once; a pending join fails with `error`. Idempotent. */
  close(error: FairleadError): void {
    if (this.#end) return;
    this.#link.close(error);
    this.#free(error, error);
  }

  #free(error: FairleadError, reason: unknown): void {
    if (this.#end) return;
    this.#end = error;
    this.#stopWatchingPage();
    this.#publisher.close(error);
    this.#remote.close();
    this.#places.close();
    this.#visibility.close();
    this.#firstJoin.reject(reason);
    this.#setState("closed");
  }

  publishMicrophone(options: DeviceChoice = {}): Promise<LocalTrack> {
    return this.#publisher.publishDevice("microphone", options);
  }

  publishCamera(options: DeviceChoice = {}): Promise<LocalTrack> {
    return this.#publisher.publishDevice("camera", options);
  }

  publishScreen(options: ScreenOptions = {}): Promise<LocalTrack[]> {
    return this.#publisher.publishScreen(options);
  }

  publishTrack(track: MediaStreamTrack, source: Source, options: PublishOptions = {}): Promise<LocalTrack> {
    return this.#publisher.publishTrack(track, source, options);
  }

  unpublish(source: Source): Promise<void> {
    return this.#publisher.unpublish(source);
  }

  async sendData(data: string | Uint8Array, options: SendOptions = {}): Promise<void> {
    if (!this.#end && !this.#grants.data) throw new FairleadError("grant_missing");
    const sending = this.#present().data.send(data, options);
    await sending.catch((error) => Promise.reject(this.#end ?? error));
  }

  bufferedAmount(options: SendOptions = {}): number {
    return this.#places.media?.data.bufferedAmount(options) ?? 0;
  }

  async mutePeer(peerId: string, source: Source, muted: boolean): Promise<void> {
    await this.#link.command("peer.mute", { peerId, source, muted });
  }

  async removePeer(peerId: string, { reason, ban }: RemoveOptions = {}): Promise<void> {
    await this.#link.command("peer.remove", { peerId, reason, ban });
  }

  subscribe(producerIds: readonly string[]): Promise<void> {
    return this.#remote.setSubscribed(producerIds, true);
  }

  unsubscribe(producerIds: readonly string[]): Promise<void> {
    return this.#remote.setSubscribed(producerIds, false);
  }

  startPlayback(): Promise<void> {
    return this.#playback.startAll();
  }

  async getStats(): Promise<{ send: RTCStatsReport; receive: RTCStatsReport }> {
    return this.#present().transports.getStats();
  }

  #present(): RoomMedia {
    const { media } = this.#places;
    if (this.#end || !media) throw this.#end ?? new FairleadError("session_left");
    return media;
  }

  async leave(): Promise<void> {
    if (this.#end) return;
    const left = new FairleadError("session_left");
    // Must be sent synchronously: a page that goes away runs nothing after this.
    const heard = this.#link.leave();
    this.#publisher.close(left);
    await heard;
    this.#free(left, left);
  }

  on<N extends keyof RoomEvents>(event: N, listener: (data: RoomEvents[N]) => void): () => void {
    return this.#emitter.on(event, listener);
  }

  #linkHandlers(): RoomLinkHandlers {
    return {
      joined: (...session) => this.#handleJoined(...session),
      receivedBps: () => this.#places.media?.receivedBps ?? 0,
      sessionLost: () => this.#local.handleSessionLost(),
      event: (event) => this.#handleEvent(event),
      transient: ({ name, data }) => name === "audio.levels" && this.#speakers.update(data),
      live: () => this.#setState("connected"),
      away: () => this.#setState("reconnecting"),
      capabilities: (fresh) => this.#options.device.load(fresh),
      ended: (error) => this.#handleEnded(error),
    };
  }

  #handleJoined(joined: JoinReply, command: SendCommand, overlapMs: number): void {
    const isMove = this.#joined !== null;
    this.#joined = joined;
    this.#grants = joined.grants;
    const media = new RoomMedia({
      joined,
      command,
      peers: this.#remote,
      emitter: this.#emitter,
      device: this.#options.device.current,
      iceTransportPolicy: this.#options.iceTransportPolicy,
      own: this,
      former: overlapMs > 0 ? this.#places.media : null,
    });
    this.#model.startSession();
    if (isMove) this.#remote.beginMove(joined.graceMs);
    this.#places.enter(media, overlapMs);
    this.#local.handleJoined(media.transports);
    if (isMove) this.#emitter.emit("room.moved", { epoch: joined.epoch });
    this.#firstJoin.resolve();
  }

  #handleEvent(event: RoomEvent): void {
    if (event.name === "snapshot.started") this.#grants = event.data.grants;
    const { media } = this.#places;
    const parts = { model: this.#model, speakers: this.#speakers, emitter: this.#emitter };
    const targets = { ...parts, ownPeerId: this.peerId, peers: this.#remote, local: this.#local };
    if (media) applyEvent(event, { ...targets, media });
  }

  #handleEnded(error: FairleadError): void {
    const wasJoined = this.#joined !== null;
    this.close(error);
    if (wasJoined) this.#emitter.emit("room.ended", { code: error.code, message: error.message });
  }

  #setState(state: ConnectionState): void {
    const next = state === "reconnecting" && !this.#joined ? "connecting" : state;
    if (this.connectionState === next) return;
    this.connectionState = next;
    this.#emitter.emit("connection.changed", { state: next });
  }
}
