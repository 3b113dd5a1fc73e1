/** A viewer's right to a broadcast's playlists and segments. */
export type View = {
  /** One viewing session: counted as one viewer. */
  viewId: string;
  /** By a ticket that nobody makes up: it counts at once. A token that its viewer may have invented counts once it watches. */
  isAdmitted: boolean;
};

/** Who may watch what, as the app that serves HLS knows it. */
export interface HlsAccess {
  /**
   * @param token Of the path, `/{broadcast}/t/{token}/…`; null: there was none.
   * @throws {FairleadError} `broadcast_not_found`, `broadcast_not_live` (also before the start), `StalledError`, `broadcast_ended`; `ticket_invalid`,
   * `ticket_expired`, `ticket_wrong_room`, `banned`; `registry_unreachable` where nobody can say whether it is private.
   */
  check(broadcastId: string, token: string | null): Promise<View>;
}
