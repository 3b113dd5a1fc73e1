import type { Ban, RoomRecord } from "@fairlead/protocol";

/** Without a ticket: of the identity alone. */
type OneBan = { identity: string; ticketId?: string };
type Recorded = Pick<RoomRecord, "bans" | "isPartial">;

/** The identities and tickets that are kept out: those banned here, and those that the room record names. */
export class Bans {
  #made: OneBan[] = [];
  #recorded: Ban[] = [];

  /** The ban is in force at once, before the record has it. */
  add({ identity, ticketId }: OneBan): void {
    const isMade = this.#made.some((ban) => ban.identity === identity && ban.ticketId === ticketId);
    if (!isMade) this.#made.push({ identity, ticketId });
  }

  has({ identity, ticketId }: Required<OneBan>): boolean {
    return (
      this.#made.some((ban) => ban.identity === identity || ban.ticketId === ticketId) ||
      this.#recorded.some((ban) => ban.identity === identity || ban.ticketIds.includes(ticketId))
    );
  }

  hasIdentity(identity: string): boolean {
    return [...this.#made, ...this.#recorded].some((ban) => ban.identity === identity);
  }

  /** Each identity with the tickets that were banned with it. */
  all(): Ban[] {
    const tickets = new Map<string, Set<string>>();
    const ticketsOf = (identity: string) => {
      const known = tickets.get(identity) ?? new Set();
      tickets.set(identity, known);
      return known;
    };
    for (const { identity, ticketIds } of this.#recorded)
      for (const ticketId of [undefined, ...ticketIds]) addIfThere(ticketsOf(identity), ticketId);
    for (const { identity, ticketId } of this.#made) addIfThere(ticketsOf(identity), ticketId);
    return Array.from(tickets, ([identity, ticketIds]) => ({ identity, ticketIds: [...ticketIds] }));
  }

  /** The record is known to have this ban, and has not been read yet. */
  expect(identity: string): void {
    this.#recorded = [...this.#recorded, { identity, ticketIds: [] }];
  }

  /** The record was read: its bans replace those known from it before, unless it was lost and does not have them yet. */
  noteRecord({ bans, isPartial }: Recorded): void {
    this.#recorded = isPartial ? [...this.#recorded, ...bans] : bans;
  }

  lift(identity: string): void {
    this.#made = this.#made.filter((ban) => ban.identity !== identity);
    this.#recorded = this.#recorded.filter((ban) => ban.identity !== identity);
  }
}

function addIfThere(tickets: Set<string>, ticketId: string | undefined): void {
  if (ticketId !== undefined) tickets.add(ticketId);
}
