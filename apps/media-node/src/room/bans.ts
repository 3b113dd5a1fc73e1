import type { RoomRecord } from "@fairlead/protocol";

/** Without a ticket: of the identity alone. */
type Ban = { identity: string; ticketId?: string };
type Recorded = Pick<RoomRecord, "bannedIdentities" | "bannedTicketIds">;

/** The identities and tickets that are kept out: those banned here, and those that the room record names. */
export class Bans {
  #made: Ban[] = [];
  #recorded: Recorded = { bannedIdentities: [], bannedTicketIds: [] };

  /** The ban is in force at once, before the record has it. */
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

  /** The record is known to have this ban, and has not been read yet. */
  expect(identity: string): void {
    const { bannedIdentities, bannedTicketIds } = this.#recorded;
    this.#recorded = { bannedIdentities: [...bannedIdentities, identity], bannedTicketIds };
  }

  /** The record was read: its bans replace those known from it before. */
  noteRecord(recorded: Recorded): void {
    this.#recorded = recorded;
  }

  /** The record does not say which tickets were banned with an identity, so the caller must read it again. */
  lift(identity: string): void {
    this.#made = this.#made.filter((ban) => ban.identity !== identity);
    this.#recorded = { bannedIdentities: [], bannedTicketIds: [] };
  }
}
