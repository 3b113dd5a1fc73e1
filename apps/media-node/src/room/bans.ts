import type { RoomRecord } from "@fairlead/protocol";

/** Without a ticket: of the identity alone. */
type Ban = { identity: string; ticketId?: string };
type Recorded = Pick<RoomRecord, "bannedIdentities" | "bannedTicketIds">;

/** Who may not come in: those removed here, and those that the room record names. */
export class Bans {
  #made: Ban[] = [];
  #recorded: Recorded = { bannedIdentities: [], bannedTicketIds: [] };

  /** In force before the record says so. */
  add({ identity, ticketId }: Ban): void {
    const isMade = this.#made.some((ban) => ban.identity === identity && ban.ticketId === ticketId);
    if (!isMade) this.#made.push({ identity, ticketId });
  }

  has({ identity, ticketId }: Required<Ban>): boolean {
    return (
      this.#made.some((ban) => ban.identity === identity || ban.ticketId === ticketId) ||
      this.#recorded.bannedIdentities.includes(identity) ||
      this.#recorded.bannedTicketIds.includes(ticketId)
    );
  }

  /** The record says so, as is known before it is read. */
  expect(identity: string): void {
    const { bannedIdentities, bannedTicketIds } = this.#recorded;
    this.#recorded = { bannedIdentities: [...bannedIdentities, identity], bannedTicketIds };
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
