import type { RoomRecord } from "@fairlead/protocol";

type Ban = { identity: string; ticketId: string };
type Recorded = Pick<RoomRecord, "bannedIdentities" | "bannedTicketIds">;

/** Who may not come in: those removed here, and those that the room record names. */
export class Bans {
  #made: Ban[] = [];
  #recorded: Recorded = { bannedIdentities: [], bannedTicketIds: [] };

  /** In force before the record says so. */
  add(ban: Ban): void {
    this.#made.push(ban);
  }

  has({ identity, ticketId }: Ban): boolean {
    return (
      this.#made.some((ban) => ban.identity === identity || ban.ticketId === ticketId) ||
      this.#recorded.bannedIdentities.includes(identity) ||
      this.#recorded.bannedTicketIds.includes(ticketId)
    );
  }

  /** What the record says now, in place of what it said. */
  noteRecord(recorded: Recorded): void {
    this.#recorded = recorded;
  }

  /** The record does not say which tickets were banned with whom, so it has to be read again. */
  lift(identity: string): void {
    this.#made = this.#made.filter((ban) => ban.identity !== identity);
    this.#recorded = { bannedIdentities: [], bannedTicketIds: [] };
  }
}
