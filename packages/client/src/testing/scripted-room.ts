import type { Grants, RoomEvent } from "@fairlead/protocol";
import { FakeHandler, testFakeParameters } from "mediasoup-client";
import type { RoomEvents } from "../api/events.ts";
import type { JoinOptions } from "../api/options.ts";
import type { Room } from "../api/room.ts";
import { joinRoom } from "../join-room.ts";
import { GRANTS, type Opening, ScriptedSignaling, type ScriptedSocket } from "./scripted-signaling.ts";

const device = { handlerFactory: FakeHandler.createFactory(testFakeParameters) };

/** The SDK in a room whose signaling and media are scripted. */
export class ScriptedRoom {
  readonly signaling: ScriptedSignaling;
  readonly socket: ScriptedSocket;
  readonly room: Room;
  /** How each of its sessions opens. */
  readonly #opening: Opening;
  #epoch = 1;

  private constructor(parts: Pick<ScriptedRoom, "signaling" | "socket" | "room">, opening: Opening) {
    this.signaling = parts.signaling;
    this.socket = parts.socket;
    this.room = parts.room;
    this.#opening = opening;
  }

  static async join(
    grants: Grants = GRANTS,
    options: Partial<JoinOptions> = {},
    more: Opening = {},
  ): Promise<ScriptedRoom> {
    const opening = { ...more, grants };
    const signaling = await ScriptedSignaling.start();
    const joining = joinRoom({ url: signaling.url, ticket: "ticket-of-the-test", device, ...options });
    const { socket } = await signaling.next("join");
    socket.accept(opening);
    socket.snapshot();
    return new ScriptedRoom({ signaling, socket, room: await joining }, opening);
  }

  /** The data of the next command with this name that no call has had yet. */
  async told(name: string): Promise<unknown> {
    return (await this.signaling.next("command", name)).frame.data;
  }

  /** How often a command with this name was sent so far. */
  count(name: string): number {
    return this.signaling.frames.filter((frame) => frame.type === "command" && frame.name === name).length;
  }

  nextEvent<N extends keyof RoomEvents>(name: N): Promise<RoomEvents[N]> {
    return new Promise((resolve) => {
      const off = this.room.on(name, (data) => {
        off();
        resolve(data);
      });
    });
  }

  /** The old session is void, and the SDK asks for the next. */
  async startMove(): Promise<void> {
    this.#epoch += 1;
    this.socket.send({ type: "moved", roomId: "room", epoch: this.#epoch });
    await this.signaling.next("join");
  }

  /** `events`: the room at the new place. */
  async endMove(...events: RoomEvent[]): Promise<void> {
    const moved = this.nextEvent("room.moved");
    this.acceptMove(...events);
    await moved;
  }

  acceptMove(...events: RoomEvent[]): void {
    this.socket.accept({ ...this.#opening, epoch: this.#epoch });
    this.socket.snapshot(...events);
  }

  async move(): Promise<void> {
    await this.startMove();
    await this.endMove();
  }

  async close(): Promise<void> {
    await this.room.leave();
    await this.signaling.close();
  }
}
